"""Template tags and filters: `{% load chat %}` and `{% load usage %}`."""
