"""Pictures of models: the thumbnail and the 3D preview. Loads numpy and its kin."""
