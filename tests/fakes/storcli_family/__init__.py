"""A controller of the storcli family that lives in a file, and the three ways in which its tools speak."""
