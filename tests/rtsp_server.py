"""A loopback RTSP camera for the tests: run it with the Python that has PyGObject and GstRtspServer.

    /usr/bin/python3 tests/rtsp_server.py [--port N] [--path /cam] [--user NAME:PASSWORD] [--clip FILE.h264]
        [--size 320x240] [--fps 25] [--udp-only]

Prints `ready PORT` when clients may connect (port 0 takes a free one) and serves until it is killed.
`--clip` plays an H.264 byte stream for ever; without it the picture is GStreamer's test pattern.
"""

import argparse

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

PATTERN = (
    "( videotestsrc is-live=true pattern=smpte"
    " ! video/x-raw,format=I420,width={width},height={height},framerate={fps}/1"
    " ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max={fps}"
    " ! h264parse config-interval=-1 ! rtph264pay name=pay0 pt=96 )"
)
CLIP = (
    "( multifilesrc location={clip} loop=true ! video/x-h264,stream-format=byte-stream,alignment=nal,framerate={fps}/1"
    " ! h264parse config-interval=-1 ! rtph264pay name=pay0 pt=96 )"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--path", default="/cam")
    parser.add_argument("--user", help="NAME:PASSWORD that a client must give (basic authentication)")
    parser.add_argument("--clip", help="H.264 byte stream to loop")
    parser.add_argument("--size", default="320x240")
    parser.add_argument("--fps", type=int, default=25)
    parser.add_argument("--udp-only", action="store_true", help="refuse clients that ask for TCP")
    options = parser.parse_args()

    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(str(options.port))
    factory = GstRtspServer.RTSPMediaFactory()
    width, height = options.size.split("x")
    line = CLIP if options.clip else PATTERN
    factory.set_launch(line.format(clip=options.clip, width=width, height=height, fps=options.fps))
    factory.set_shared(True)
    if options.udp_only:
        factory.set_protocols(GstRtsp.RTSPLowerTrans.UDP)
    if options.user:
        name, password = options.user.split(":", 1)
        auth = GstRtspServer.RTSPAuth()
        token = GstRtspServer.RTSPToken()
        token.set_string("media.factory.role", name)
        auth.add_basic(GstRtspServer.RTSPAuth.make_basic(name, password), token)
        server.set_auth(auth)
        # Whoever signed in may see that there is a stream and play it; everybody else gets a 401.
        permissions = GstRtspServer.RTSPPermissions()
        permissions.add_permission_for_role(name, "media.factory.access", True)
        permissions.add_permission_for_role(name, "media.factory.construct", True)
        factory.set_permissions(permissions)
    server.get_mount_points().add_factory(options.path, factory)
    if not server.attach(None):
        raise SystemExit(f"port {options.port} cannot be taken")
    print("ready", server.get_bound_port(), flush=True)
    GLib.MainLoop().run()


if __name__ == "__main__":
    main()
