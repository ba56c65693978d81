"""What a stranger's file is, holds, weighs and looks like. It imports nothing of the rest."""
