"""The REST API under /api/v1: parse the request, call one service, format the answer."""
