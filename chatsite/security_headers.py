"""Security headers of every response: Content-Security-Policy, HSTS and others, as Django
middleware."""

from django.conf import settings

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
    "require-trusted-types-for": "'script'",
    "trusted-types": "chat",
}
CONTENT_POLICY = "; ".join(f"{name} {value}" for name, value in POLICY.items())
# The admin's jQuery writes innerHTML.
ADMIN_POLICY = "; ".join(
    f"{name} {value}" for name, value in POLICY.items() if "trusted-types" not in name
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
    "X-Frame-Options": "DENY",
}
LOGOUTS = ("/accounts/logout/", "/admin/logout/")
HSTS = f"max-age={settings.SECURE_HSTS_SECONDS}; includeSubDomains"


def middleware(get_response):
    """Django middleware: return a handler that calls `get_response` and adds the
    Content-Security-Policy and the other security headers to the response."""

    def handle(request):
        response = get_response(request)
        admin = request.path_info.startswith("/admin/")
        response.headers.setdefault(
            "Content-Security-Policy", ADMIN_POLICY if admin else CONTENT_POLICY
        )
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if settings.SECURE:
            response.headers.setdefault("Strict-Transport-Security", HSTS)
        if request.path_info in LOGOUTS and request.method == "POST":
            response.headers["Clear-Site-Data"] = '"cache", "storage"'
        return response

    return handle
