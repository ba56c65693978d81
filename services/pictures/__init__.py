"""Pictures of models: the thumbnail and the 3D preview. Only a sandboxed child imports what is in
here (services/sandboxed.py); services/thumbnails.py and services/previews.py ask for it."""
