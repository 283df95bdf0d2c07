"""What is true: settings, money, tokens, names, prices, tables and rows.

It imports none of the other rooms.
"""
