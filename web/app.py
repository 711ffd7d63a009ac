"""Assembles the dashboard."""

from flask import Flask, Response, redirect, render_template, request, send_from_directory
from flask_socketio import SocketIO

from appliance.bus import STATE, EventListener, FrameListener, Refused, Unavailable, ask
from web.options import Options


def make_app(options: Options):
    app = Flask(__name__)
    socketio = SocketIO(app, async_mode="eventlet" if options.worker == "eventlet" else "threading")
    app.extensions["dashboard"] = (options, socketio)
    newest = {}

    @app.route("/")
    def index():
        return render_template("index.html", csrf_token="x", user="operator", role="operator", sign_in=True)

    @app.route("/login", methods=["GET", "POST"])
    def login():
        if request.method == "POST":
            return redirect("/")
        return render_template("login.html", csrf_token="x", error=None)

    @app.route("/streams/<name>.mjpeg")
    def mjpeg(name):
        def parts():
            listener = FrameListener(options.run_dir, name)
            try:
                yield b"--frame\r\n"
                while True:
                    jpeg = listener.receive(1.0)
                    if jpeg:
                        yield b"Content-Type: image/jpeg\r\n\r\n" + jpeg + b"\r\n--frame\r\n"
            finally:
                listener.close()
        return Response(parts(), mimetype="multipart/x-mixed-replace; boundary=frame")

    def listen():
        listener = EventListener(options.run_dir)
        while True:
            event = listener.receive(1.0)
            if event:
                newest[event[0]] = event[1]
                socketio.emit(event[0], event[1])

    @socketio.on("connect")
    def connect(auth=None):
        if STATE in newest:
            socketio.emit(STATE, newest[STATE], to=request.sid)
        socketio.emit("daemon", {"up": True, "since": 0, "why": ""}, to=request.sid)
        socketio.emit("logs", [], to=request.sid)

    def pass_on(command):
        def handler(fields=None):
            try:
                return dict(ask(options.run_dir, dict(fields or {}, command=command), 30), ok=True)
            except (Refused, Unavailable) as error:
                return {"ok": False, "error": str(error)}
        return handler

    for command in ("set_model", "get_model", "set_stream", "reset_stream", "remove_stream", "test_source",
                    "change_settings", "record", "delete_recording", "list_recordings"):
        socketio.on(command)(pass_on(command))
    app.listen = listen
    return app


def start(app):
    app.extensions["dashboard"][1].start_background_task(app.listen)
