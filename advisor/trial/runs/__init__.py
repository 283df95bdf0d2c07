"""Both models on one's own prompts: graded, priced and journalled. No text of theirs is stored."""
