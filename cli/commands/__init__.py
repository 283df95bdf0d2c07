"""The commands, a module for each subject.

None of them formats a figure, and none imports another.
"""
