"""A model file as triangles: the three formats, welding, measuring. Loads numpy and its kin."""
