"""Video files and folders of images: times, numbers, damage, and what isn't a video."""

import itertools

import cv2
import numpy as np
import pytest

from configs.errors import InputError
from tracker.video import CameraSource, VideoSettings, cameras_of_paths, open_source


def read(path, **settings):
    source = open_source(
        CameraSource("cam", str(path), settings.pop("offset", 0.0)), VideoSettings(**settings)
    )
    return source, list(source.frames())


def test_frames_have_their_numbers_times_and_pictures(make_video, grey_number):
    source, frames = read(make_video(frames=10, rate=10))
    assert [frame.index for frame in frames] == list(range(10))
    assert [frame.time for frame in frames] == pytest.approx(np.arange(10) / 10)
    assert [grey_number(frame.image) for frame in frames] == list(range(10))
    assert frames[0].image.shape == (48, 64, 3)
    assert (source.size, source.rate, source.report.frames) == ((64, 48), 10.0, 10)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"start": 0.5}, [5, 6, 7, 8, 9]),
        ({"stop": 0.5}, [0, 1, 2, 3, 4]),
        ({"start": 0.2, "stop": 0.7, "stride": 2}, [2, 4, 6]),
        ({"offset": 0.3, "start": 0.5, "stop": 0.8}, [2, 3, 4]),
        ({"start": 99.0}, []),
    ],
)
def test_a_part_of_a_video(make_video, grey_number, settings, expected):
    _, frames = read(make_video(frames=10, rate=10), **settings)
    assert [frame.index for frame in frames] == expected
    assert [grey_number(frame.image) for frame in frames] == expected


@pytest.mark.parametrize("offset", [0.0, 0.4])
def test_glimpses_are_key_frames_all_over_the_part_that_is_read(make_video, grey_number, offset):
    path = make_video(frames=30, rate=10, gop=5)
    source = open_source(CameraSource("cam", str(path), offset), VideoSettings())
    frames = list(source.glimpses(6))
    assert [frame.index for frame in frames] == [0, 5, 10, 15, 20, 25]
    assert [grey_number(frame.image) for frame in frames] == [0, 5, 10, 15, 20, 25]
    assert [frame.time for frame in frames] == pytest.approx(np.arange(0, 3, 0.5) + offset)
    assert source.report.frames == 0


def test_glimpses_of_a_part_and_of_few_key_frames(make_video):
    path = make_video(frames=30, rate=10, gop=5)
    part = open_source(CameraSource("cam", str(path)), VideoSettings(start=1.0, stop=2.0))
    assert [frame.index for frame in part.glimpses(40)] == [10, 15]
    whole = open_source(
        CameraSource("cam", str(make_video("one.mp4", frames=30, gop=100))), VideoSettings()
    )
    assert [frame.index for frame in whole.glimpses(8)] == [0]


def test_glimpses_of_a_folder(tmp_path):
    for number in range(10):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.full((8, 8, 3), number, np.uint8))
    camera = CameraSource("cam", str(tmp_path))
    source = open_source(camera, VideoSettings(image_rate=10, start=0.2, stop=0.8))
    assert [int(frame.image[0, 0, 0]) for frame in source.glimpses(2)] == [4, 6]
    assert [frame.index for frame in source.glimpses(99)] == [2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize("gop", [5, 7, 30])
def test_seeking_keeps_the_numbers_true(make_video, grey_number, gop):
    path = make_video(frames=30, rate=10, gop=gop)
    _, frames = read(path, start=1.7, stop=2.0)
    assert [frame.index for frame in frames] == [17, 18, 19]
    assert [frame.time for frame in frames] == pytest.approx([1.7, 1.8, 1.9])
    assert [grey_number(frame.image) for frame in frames] == [17, 18, 19]


def test_a_damaged_stretch_is_skipped_and_counted(make_video):
    path = make_video(frames=60, rate=10, size=(320, 240))
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 400] = bytes(400)
    path.write_bytes(bytes(data))
    source, frames = read(path)
    assert source.report.corrupt > 0
    assert 30 < len(frames) < 60
    assert source.report.frames == len(frames)
    assert all(a.time < b.time for a, b in itertools.pairwise(frames))


def test_a_folder_of_images_with_a_damaged_one(tmp_path):
    for number in range(4):
        image = np.full((20, 30, 3), number * 60, np.uint8)
        cv2.imwrite(str(tmp_path / f"{number:06d}.png"), image)
    (tmp_path / "000002.png").write_bytes(b"not a picture")
    source, frames = read(tmp_path, image_rate=2)
    assert [(frame.index, frame.time) for frame in frames] == [(0, 0.0), (1, 0.5), (3, 1.5)]
    assert frames[2].image.mean() == 180
    assert source.report.corrupt == 1


def test_seqinfo_tells_the_rate(tmp_path):
    folder = tmp_path / "SEQ-01" / "img1"
    folder.mkdir(parents=True)
    for number in (1, 2):
        cv2.imwrite(str(folder / f"{number:06d}.jpg"), np.zeros((8, 8, 3), np.uint8))
    (folder.parent / "seqinfo.ini").write_text("[Sequence]\nframeRate=14\n")
    assert cameras_of_paths([str(folder)])[0].name == "SEQ-01"
    _, frames = read(folder)
    assert frames[1].time == pytest.approx(1 / 14)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no such file"),
        (b"", "can't be read as a video"),
        (b"this is a text about a video", "can't be read as a video"),
    ],
)
def test_what_is_no_video_is_refused_in_one_line(tmp_path, content, message):
    path = tmp_path / "clip.mp4"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=message) as caught:
        read(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_video_without_frames_is_refused(make_video):
    path = make_video(fragmented=True)
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b"moof") - 4])  # the header alone
    with pytest.raises(InputError, match="no frames"):
        read(path)


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(InputError, match="has no images"):
        read(tmp_path)


def test_two_files_with_one_stem_are_refused():
    with pytest.raises(InputError, match="would both be camera 'door'"):
        cameras_of_paths(["a/door.mp4", "b/door.mp4"])


def test_names_of_cameras():
    names = [
        camera.name
        for camera in cameras_of_paths(
            ["x/hall.mp4", "rtsp://user:secret@10.0.0.7:554/live/1?x=2", "http://host/yard.m3u8"]
        )
    ]
    assert names == ["hall", "10.0.0.7_554_live_1", "host_yard.m3u8"]
