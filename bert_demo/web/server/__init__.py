"""How the page is served: middleware, one job a file; health, metrics and logs; the MCP server."""
