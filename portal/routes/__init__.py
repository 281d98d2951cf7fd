"""One router per part of the portal; portal/app.py includes them."""
