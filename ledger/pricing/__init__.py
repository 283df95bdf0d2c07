"""What tokens cost: the price book and its sources, contracts, names of models, and what of it is in force."""
