def api_page(openapi):
    return "docs"
