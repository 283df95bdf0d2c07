"""One pure parser per sender: the bytes of one element in, a reading out. No parser touches a database, a clock or a setting."""
