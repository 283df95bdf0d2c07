"""What a month cost, what it is forecast to cost, and how it is closed: statements and everything made from them."""
