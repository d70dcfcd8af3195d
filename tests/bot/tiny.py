"""The tiny assistant's data: four needs, one form, one custom action."""

from __future__ import annotations

UTTERANCES = {
    "greet": ["안녕하세요", "안녕", "반갑습니다", "hello", "처음 뵙겠습니다", "좋은 아침이에요"],
    "streetlight": [
        "가로등이 나갔어요",
        "골목 보안등이 깜빡거려요",
        "밤길이 너무 어두워요 등이 꺼졌어요",
        "가로등 고쳐 주세요",
        "보안등 불이 안 들어와요",
        "가로등 전구가 나갔습니다",
    ],
    "road_damage": [
        "도로에 구멍이 났어요",
        "보도블록이 깨졌어요",
        "아스팔트가 파였습니다",
        "포트홀 때문에 타이어가 터졌어요",
        "인도가 꺼져서 넘어졌어요",
        "길바닥이 갈라졌어요",
    ],
    "scam": [
        "보이스피싱을 당했어요",
        "사기 문자를 받았어요",
        "계좌로 돈을 보냈는데 사기였어요",
        "검찰이라고 전화가 왔어요",
        "중고거래 사기를 당했습니다",
        "피싱 링크를 눌렀어요",
    ],
}

DOMAIN = """
    version: "3.1"
    intents: [greet, streetlight, road_damage, scam]
    slots:
      place:
        type: text
        mappings:
          - {type: from_text, conditions: [{active_loop: place_form, requested_slot: place}]}
    forms:
      place_form: {required_slots: [place]}
    actions: [action_report]
    responses:
      utter_greet:
        - {text: "안녕하세요. 저는 인공지능입니다.", buttons: [{title: "가로등", payload: "/streetlight"}], custom: {kind: choices}}
      utter_ask_place: [{text: "어디인가요?"}]
      utter_filed: [{text: "접수했습니다: {place}"}]
      utter_unsure: [{text: "잘 모르겠습니다."}]
      utter_light: [{text: "가로등 담당에 알리겠습니다."}]
    session_config: {session_expiration_time: 0, carry_over_slots_to_new_session: false}
"""

RULES = """
    version: "3.1"
    rules:
      - rule: greeting
        steps: [{intent: greet}, {action: utter_greet}]
      - rule: light
        steps: [{intent: streetlight}, {action: utter_light}]
      - rule: place is asked
        steps: [{intent: road_damage}, {action: place_form}, {active_loop: place_form}]
      - rule: place is known
        condition: [{active_loop: place_form}]
        steps: [{action: place_form}, {active_loop: null}, {slot_was_set: [{requested_slot: null}]}, {action: utter_filed}]
      - rule: report
        steps: [{intent: scam}, {action: action_report}]
      - rule: unsure
        steps: [{intent: nlu_fallback}, {action: utter_unsure}]
"""
