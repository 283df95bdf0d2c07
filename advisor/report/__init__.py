"""The one value that every face renders, the notes beside it, and scenarios that nobody stores."""
