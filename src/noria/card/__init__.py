"""What is told of a version from records only: model card, bill of materials, Annex IV pack, export."""
