"""EPIC-KITCHENS-100 in small: made-up rows in both layouts, written as the published files are."""

from foretaste.settings import families

LABELS = (
    "narration_id,participant_id,video_id,narration_timestamp,start_timestamp,stop_timestamp,start_frame,stop_frame,"
    "narration,verb,verb_class,noun,noun_class,all_nouns,all_noun_classes\n"
)
OFFICIAL = {
    "EPIC_100_verb_classes.csv": (
        "id,key,instances,category\n0,take,\"['take',"
        " 'get']\",retrieve\n1,turn-on,['turn-on'],access\n2,put,\"['put']\",leave\n"
    ),
    "EPIC_100_noun_classes.csv": (
        "id,key,instances,category\n0,tap,\"['tap']\",appliances\n1,spoon,\"['spoon']\",cutlery\n2,board:chopping,\"['board']\",utensils\n"
        + "".join(f"{i},noun{i},['noun{i}'],materials\n" for i in range(3, 11))
    ),
    "EPIC_100_train.csv": (
        LABELS + "P01_01_2,P01,P01_01,00:00:05.349,00:00:06.98,00:00:09.49,418,569,get"
        " board,get,0,board:chopping,2,['board:chopping'],[2]\n"
        + "P01_01_10,P01,P01_01,,00:00:00.14,00:00:03.37,8,202,take tap,take,0,tap,0,\"['tap',"
        ' \'spoon\']","[0, 1]"\n'
        + 'P02_103_0,P02,P02_103,00:00:01.100,01:00:00.5,01:00:02.23,27,111,"put spoon,'
        ' tap",put,2,spoon,1,"[\'spoon\', \'tap\']","[1, 0]"\n'
    ),
    "EPIC_100_validation.csv": (
        LABELS + "P01_11_0,P01,P01_11,00:00:00.560,00:00:00.00,00:00:01.89,1,113,take"
        " plate,take,0,noun10,10,['noun10'],[10]\n"
        + "P18_02_1,P18,P18_02,00:00:04.560,00:00:03.00,00:00:04.00,150,200,turn on"
        " tap,turn-on,1,tap,0,['tap'],[0]\n"
    ),
    "EPIC_100_test_timestamps.csv": (
        "narration_id,participant_id,video_id,narration_timestamp,start_timestamp,stop_timestamp,start_frame,stop_frame\n"
        "P33_101_0,P33,P33_101,00:00:02.851,00:00:02.86,00:00:03.87,143,193\nP33_101_1,P33,P33_101,00:00:04.1,00:00:09.123,00:00:10.87,456,543\n"
    ),
    "EPIC_100_tail_verbs.csv": "verb\n1\n",
    "EPIC_100_tail_nouns.csv": "noun\n9\n10\n",
    "EPIC_100_unseen_participant_ids_validation.csv": "participant_id\nP18\nP32\n",
}
#: RULSTM sorts rows and action ids as text: "0_10" is before "0_2", "1_0" before "2_1".
RULSTM = {
    "actions.csv": (
        "id,verb,noun,action\n0,0,0,take tap\n1,0,10,take noun10\n2,0,2,take board:chopping\n3,1,0,turn-on"
        " tap\n4,2,1,put spoon\n"
    ),
    "training.csv": (
        "P01_01_10,P01_01,0000000004,101,000,0,0000\nP01_01_2,P01_01,209,284,0,2,2\nP02_103_0,P02_103,108015,108066,2,1,4\n"
    ),
    "validation.csv": "P01_11_0,P01_11,0,56,0,10,1\nP18_02_1,P18_02,90,120,1,0,3\n",
    "test_timestamps.csv": "P33_101_0,P33_101,85,116\nP33_101_1,P33_101,273,326\n",
    "validation_tail_verbs_ids.csv": "P18_02_1\n",
    "validation_tail_nouns_ids.csv": "P01_11_0\n",
    "validation_unseen_participants_ids.csv": "P18_02_1\n",
    "validation_tail_actions_ids.csv": "P01_11_0\nP18_02_1\n",
}


def write(folder):
    """Write both layouts; returns the folder."""
    for name, files in (("epic100", OFFICIAL), ("rulstm/ek100", RULSTM)):
        (folder / name).mkdir(parents=True)
        for file, text in files.items():
            (folder / name / file).write_text(text, encoding="utf-8")
    return folder


def read(root, **settings):
    """What the reader finds there."""
    return families.build("annotations", {"kind": "epic100", **settings}, root=root, dataset="epic100").read()


def edit(root, name, old, new):
    """Change one place of a file."""
    path = root / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
