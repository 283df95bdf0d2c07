"""Every way out: each shows the report, the statements and the recommendations, and computes no figure of its own."""
