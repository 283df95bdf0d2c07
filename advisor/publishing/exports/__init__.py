"""The monthly review as files.

One review value, written in several formats that agree to the last digit.
"""
