"""Template tags and filters: `{% load chat %}`, `{% load files %}` and `{% load usage %}`."""
