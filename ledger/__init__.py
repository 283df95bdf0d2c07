"""What is true: settings, money, tokens, names, prices, tables and the rows themselves. Imports none of the other rooms."""
