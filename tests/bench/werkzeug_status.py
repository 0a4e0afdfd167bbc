"""A status over a Unix socket as ironic-python-agent serves it: werkzeug on cheroot. The peer of api.status.cpu.

usage: werkzeug_status.py SOCKET STATUS_FILE"""
import pathlib
import sys

from cheroot import wsgi
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

STATUS = pathlib.Path(sys.argv[2]).read_bytes()
ROUTES = Map([Rule("/v1/status", endpoint="status")])


@Request.application
def application(request):
    ROUTES.bind_to_environ(request.environ).match()
    return Response(STATUS, mimetype="application/json")


wsgi.Server(sys.argv[1], application, numthreads=2).start()
