"""How static files are served: each whole, by the event loop itself."""

from django.http import HttpResponse
from servestatic.middleware import ServeStaticMiddleware


class StaticFiles(ServeStaticMiddleware):
    """ServeStatic with another way to hand a file out.

    Its own starts a thread for each file and goes to it and back to open, to read twice and to
    close: 3 ms, and a page asks for six at once before it can be painted. They are small and in
    the system's cache, where reading takes less time than one change of thread.
    """

    @staticmethod
    async def aserve(static_file, request):
        answer = static_file.get_response(request.method, request.META)
        response = HttpResponse(status=int(answer.status), content_type="")
        del response.headers["Content-Type"]
        for name, value in answer.headers:
            response.headers[name] = value
        if answer.file:
            with answer.file as file:
                response.content = file.read()
        return response
