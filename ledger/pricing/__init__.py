"""What tokens cost: the price book and its sources, contracts, and the names of models."""
