"""Views of the app, one module for each part of the site; `conversations/urls.py` maps paths to
them."""
