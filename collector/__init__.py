"""Proxy log -> stored event: the write API, one pure parser per sender, file import and keys. Never imports the advisor."""
