"""From what a proxy sends or logs to stored events: write API, file import, following a file.

It never imports the advisor or the worker.
"""
