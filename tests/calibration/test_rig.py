"""cameras.yaml: what people write, what comes back, and what is refused."""

import numpy as np
import pytest

from calibration.camera import Camera
from calibration.lens import TsaiLens
from calibration.rig import Rig, read_rig, write_rig
from configs.errors import InputError

EXAMPLE = """
cameras:
  hall: videos/hall.mp4
  webcam: 0
  planned:
  door:
    source: rtsp://192.168.1.20/stream
    frame_rate: 12.5
    time_offset: -0.4
    image_size: [1920, 1080]
    intrinsics:
      matrix: [[1400, 0, 960], [0, 1400, 540], [0, 0, 1]]
      distortion: [-0.1, 0.02, 0, 0]
    pose:
      rotation: [2.0, 0.0, 0.0]
      translation: [0.5, 1.2, 6.0]
  desk:
    image_size: [1000, 800]
    homography: [[100, 0, 500], [0, -100, 400], [0, 0, 1]]
area: [[0, 0], [8, 0], [8, 5], [0, 5]]
doors:
  main: [[0, 1], [0, 2.2]]
  lift: [3, 4]
"""


def write(tmp_path, text):
    path = tmp_path / "cameras.yaml"
    path.write_text(text)
    return path


def test_the_example(tmp_path):
    rig = read_rig(write(tmp_path, EXAMPLE))
    assert rig.names == ("hall", "webcam", "planned", "door", "desk")
    assert set(rig.cameras) == {"door", "desk"}
    assert rig.sources == {
        "hall": str(tmp_path / "videos/hall.mp4"),
        "webcam": "0",
        "door": "rtsp://192.168.1.20/stream",
    }
    assert rig.frame_rates == {"door": 12.5}
    assert rig.time_offsets == {"hall": 0, "webcam": 0, "planned": 0, "door": -0.4, "desk": 0}
    assert rig.area.shape == (4, 2)
    assert rig.doors["main"].tolist() == [[0, 1], [0, 2.2]]
    assert rig.doors["lift"].tolist() == [[3, 4]]
    assert rig.cameras["door"].image_size == (1920, 1080)


def test_written_and_read_again_is_the_same(tmp_path):
    rng = np.random.default_rng(0)
    K = np.array([[1234.5678901234567, 0, 960], [0, 1230.1, 540.3], [0, 0, 1]])
    c, s = np.cos(2.0), np.sin(2.0)
    R = np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    t = -R @ [1 / 3, -4.7, 2.9]
    size = (1920, 1080)
    rig = Rig(
        names=("a", "b", "c", "d", "e"),
        cameras={
            "a": Camera.from_intrinsics(K, [-0.1, 0.02, 0.001, 0, 1 / 7], R, t, size),
            "b": Camera.from_lens(TsaiLens(K, 1 / 3), R, t, size),
            "c": Camera.from_projection(K @ np.column_stack([R, t]), size),
            "d": Camera.from_homography(K @ np.column_stack([R[:, :2], t]), size),
        },
        sources={"a": str(tmp_path / "in/a.mp4"), "e": "/elsewhere/e.mp4"},
        frame_rates={"e": 29.97},
        time_offsets={"b": 1 / 3},
        area=rng.normal(size=(5, 2)),
        doors={"main": rng.normal(size=(2, 2))},
    )
    write_rig(rig, tmp_path / "cameras.yaml")
    again = read_rig(tmp_path / "cameras.yaml")
    assert again.names == rig.names
    assert dict(again.sources) == dict(rig.sources)
    assert dict(again.frame_rates) == dict(rig.frame_rates)
    assert dict(again.time_offsets) == dict(rig.time_offsets)
    np.testing.assert_array_equal(again.area, rig.area)
    np.testing.assert_array_equal(again.doors["main"], rig.doors["main"])
    points = rng.uniform(-3, 3, (50, 2))
    for name in rig.cameras:
        expected, valid = rig.cameras[name].ground2image(points)
        got, got_valid = again.cameras[name].ground2image(points)
        np.testing.assert_allclose(got, expected, rtol=1e-13)
        assert (got_valid == valid).all()
    assert "source: in/a.mp4" in (tmp_path / "cameras.yaml").read_text()


H = "homography: [[100, 0, 500], [0, -100, 400], [0, 0, 1]]"
MIRRORED = "homography: [[100, 0, 500], [0, 100, 400], [0, 0, 1]]"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "expected `cameras:`"),
        ("cameras: {}", "cameras: dictionary should have at least 1 item"),
        ("cameras: [1, 2]", "expected `cameras:`"),
        ("cameras: {a: [", "not valid YAML"),
        ("cameras: {a: !!python/object:os.system x}", "not valid YAML"),
        ("cameras: {a: x.mp4, a: y.mp4}", "'a' stands twice"),
        ("cameras: {../a: x.mp4}", "camera '../a': a name may have"),
        ("cameras: {a: {homografy: 1}}", "camera a: unknown key homografy; expected one of homo"),
        ("cameras: {a: {pose: {rotatoin: 1}}}", "unknown key pose.rotatoin; .* rotation"),
        (f"cameras: {{a: {{{H}}}}}", "camera a: homography needs image_size"),
        (
            "cameras: {a: {image_size: [10, 10], homography: [[1, 0], [0, 1]]}}",
            "camera a: homography.0",
        ),
        ("cameras: {a: {image_size: [0, 10]}}", "camera a: image_size.0: .* greater than or equal"),
        ("cameras: {a: {time_offset: .nan}}", "camera a: time_offset: .* finite"),
        ("cameras: {a: {pose: {rotation: [0, 0, 0], translation: [0, 0, 1]}}}", "pose needs intr"),
        (
            "cameras: {a: {image_size: [9, 9], homography: [[0, 0, 0], [0, 0, 0], [0, 0, 0]]}}",
            "camera a: H is singular",
        ),
        (
            f"cameras: {{a: {{image_size: [1000, 800], {MIRRORED}}}}}",
            "camera a: the ground's axes are mirrored",
        ),
        ("cameras: {a: x.mp4}\narea: [[0, 0], [1, 1]]", "area: .* at least 3"),
        ("cameras: {a: x.mp4}\ndors: {}", "unknown key dors; expected one of doors"),
        (
            f"cameras: {{a: {{image_size: [9, 9], {H}, "
            "projection: [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]]}}",
            "camera a: projection and homography exclude each other",
        ),
    ],
)
def test_mistakes_are_named_in_one_line(tmp_path, text, reason):
    with pytest.raises(InputError, match=reason) as caught:
        read_rig(write(tmp_path, text))
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(str(tmp_path))


def test_no_such_file(tmp_path):
    with pytest.raises(InputError, match="no such camera file"):
        read_rig(tmp_path / "nothing.yaml")


def test_a_rig_of_unknown_names_raises():
    with pytest.raises(ValueError, match="no camera is called 'b'"):
        Rig(names=("a",), sources={"b": "b.mp4"})
    with pytest.raises(ValueError, match="same name"):
        Rig(names=("a", "a"))
