"""The columns of each kind of sheet, and the words that may be chosen in them."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from registry.models import Channel, Gender, Group, Hearing, MerchantKind, Sight
from registry.sheets.headings import Column
from registry.text import folded

E = TypeVar("E", bound=StrEnum)

CONTACTS = 5  # that a sheet has columns for
_PEOPLE = ("联系人", "紧急联系人", "家属", "监护人")
WEEK = ("一", "二", "三", "四", "五", "六", "日")
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

# Of each word: as it is written in Chinese, in English, and otherwise understood.
GENDERS = {Gender.FEMALE: ("女", "female", "女性", "f"), Gender.MALE: ("男", "male", "男性", "m")}
HEARINGS = {
    Hearing.GOOD: ("正常", "good", "好", "良好"),
    Hearing.HARD: ("重听", "hard of hearing", "听力差", "耳背", "弱", "hard", "差"),
    Hearing.DEAF: ("聋", "deaf", "全聋", "听不见"),
}
# With her glasses on. 白内障 is an illness, 视力残疾 may be either of two degrees: neither is guessed at.
SIGHTS = {
    Sight.GOOD: ("正常", "good", "好", "良好", "老花", "老花眼", "近视", "normal"),
    Sight.POOR: (
        *("视力差", "poor", "差", "弱", "弱视", "低视力", "看不清", "模糊", "视物模糊", "视力模糊", "视力下降"),
        *("low vision", "partially sighted", "weak"),
    ),
    Sight.BLIND: ("失明", "blind", "盲", "全盲", "盲人", "双目失明", "看不见"),
}
GROUPS = {
    Group.LIVING_ALONE: ("独居", "living alone", "独居老人"),
    Group.EMPTY_NEST: ("空巢", "empty nest", "空巢老人"),
    Group.CHILDLESS: ("无子女", "childless", "孤寡", "失独"),
    Group.DISABLED: ("残疾", "disabled", "失能", "残障"),
    Group.BEDRIDDEN: ("卧床", "bedridden", "长期卧床"),
    Group.DEMENTIA: ("失智", "dementia", "认知症", "痴呆"),
    Group.LOW_INCOME: ("低保", "low income", "低收入", "特困"),
}
KINDS = {
    MerchantKind.PHARMACY: ("药房", "pharmacy", "药店"),
    MerchantKind.SHOP: ("便利店", "shop", "商店", "小卖部"),
    MerchantKind.SUPERMARKET: ("超市", "supermarket"),
    MerchantKind.CLINIC: ("诊所", "clinic", "卫生站", "社区卫生服务中心"),
    MerchantKind.HOSPITAL: ("医院", "hospital"),
    MerchantKind.WATER: ("供水", "water", "水务"),
    MerchantKind.POWER: ("供电", "power", "电力"),
    MerchantKind.GAS: ("燃气", "gas"),
    MerchantKind.REPAIR: ("维修", "repair"),
    MerchantKind.HOME_CARE: ("居家照护", "home care", "家政", "护理"),
    MerchantKind.VOLUNTEERS: ("志愿者", "volunteers", "志愿服务队"),
}
CHANNELS = {Channel.SMS: ("短信", "sms"), Channel.VOICE: ("电话", "voice", "phone")}


def understood(words: Mapping[E, tuple[str, ...]]) -> dict[str, E]:
    """Every way a word may be written, folded."""
    return {folded(each, 40): value for value, ways in words.items() for each in (value.value, *ways)}


def choices(words: Mapping[E, tuple[str, ...]]) -> tuple[str, ...]:
    """Chinese and English in turn, for `Column.words`."""
    return tuple(way for ways in words.values() for way in ways[:2])


def _contact(number: int) -> tuple[Column, ...]:
    key, zh, en = f"contact.{number}.", f"联系人{number}", f"Contact {number}"
    first = number == 1
    people = _PEOPLE if first else ()
    numbered = (f"紧急联系人{number}", f"家属{number}")
    theirs = (*people, *numbered)  # whose 电话 is hers wherever it stands
    phones = ("电话", "手机", "手机号", "联系电话")
    return (
        Column(
            key + "name",
            f"{zh}姓名",
            f"{en} name",
            (zh, en, *people, *(f"{one}姓名" for one in (*people, *numbered)), *numbered),
            ("林晓", "Lin Xiao") if first else ("", ""),
        ),
        Column(
            key + "relation",
            f"{zh}关系",
            f"{en} relation",
            ("关系", "与老人关系", "与本人关系", "relation"),
            ("女儿", "daughter") if first else ("", ""),
            follows=key,
            anywhere=tuple(f"{one}关系" for one in theirs),
        ),
        Column(
            key + "number",
            f"{zh}电话",
            f"{en} phone",
            (
                "电话",
                "联系电话",
                "手机",
                "手机号",
                "手机号码",
                "联系人电话",
                "家属电话",
                "phone",
                "mobile",
                "telephone",
            ),
            ("17700232001", "17700232001") if first else ("", ""),
            follows=key,
            anywhere=(
                *(f"{one}{phone}" for one in theirs for phone in phones),
                *(f"{one}{phone}{number}" for one in _PEOPLE for phone in phones),
            ),
        ),
        Column(
            key + "has_key",
            f"{zh}有钥匙",
            f"{en} has key",
            ("钥匙", "有钥匙", "有无钥匙", "key", "has key"),
            ("是", "yes") if first else ("", ""),
            follows=key,
        ),
        Column(key + "note", f"{zh}备注", f"{en} note", ("备注", "说明", "note"), follows=key),
    )


AREAS = (
    Column(
        "code",
        "区划代码",
        "Area code",
        ("代码", "编码", "统计用区划代码", "行政区划代码", "code"),
        ("500103001001",) * 2,
    ),
    Column(
        "name", "名称", "Name", ("区域", "区域名称", "区划名称", "社区", "area"), ("青石社区", "Qingshi community")
    ),
    Column("parent", "上级代码", "Code of the area above", ("上级区划代码", "父级代码", "above", "parent code")),
)

RESIDENTS = (
    Column("id", "编号", "No. in the register", ("老人编号", "id", "resident id")),
    Column("name", "姓名", "Name", ("老人姓名", "居民姓名", "名字", "full name"), ("王秀英", "Wang Xiuying")),
    Column("called", "称呼", "Called", ("怎么称呼", "昵称"), ("王老师", "Teacher Wang")),
    Column("gender", "性别", "Gender", ("sex",), ("女", "female"), words=choices(GENDERS)),
    Column(
        "born",
        "出生日期",
        "Date of birth",
        ("出生年月日", "生日", "出生年月", "born", "birthday"),
        ("1944-03-12",) * 2,
    ),
    Column(
        "identity_number",
        "身份证号",
        "Identity number",
        ("身份证", "身份证号码", "公民身份号码", "证件号码", "id number", "id card"),
    ),
    Column(
        "mobile",
        "手机",
        "Mobile",
        ("手机号", "手机号码", "移动电话", "cell phone"),
        ("19900231001",) * 2,
        several=True,
    ),
    Column(
        "landline", "座机", "Landline", ("固定电话", "住宅电话", "固话", "宅电"), ("02367001001",) * 2, several=True
    ),
    Column("phone", "电话", "Phone", ("联系电话", "本人电话", "老人电话", "电话号码", "telephone"), several=True),
    Column("button", "呼叫器号码", "Button number", ("按钮号码", "一键呼叫", "呼叫器", "call button"), several=True),
    Column("device", "呼叫器设备号", "Button device", ("设备号", "设备编号", "device id")),
    Column("area", "所属区域", "Area", ("区划代码", "区域", "所属社区", "村社区", "辖区", "area code")),
    Column("address", "地址", "Address", ("住址", "家庭住址", "详细地址", "现住址", "居住地址", "home address")),
    Column("community", "小区", "Community", ("院落", "小区名称", "estate"), ("青石里",) * 2),
    Column("building", "楼栋", "Building", ("栋", "楼号", "幢", "楼", "栋号"), ("5",) * 2),
    Column("unit", "单元", "Unit", ("单元号",), ("2",) * 2),
    Column("door", "门牌", "Door", ("房号", "室", "门牌号", "门号", "户号", "room", "flat"), ("502",) * 2),
    Column(
        "entrance_note",
        "上门提示",
        "Entrance note",
        ("门口提示", "进门提示", "入户说明"),
        ("请按门铃两次", "ring twice"),
    ),
    Column(
        "lift",
        "电梯",
        "Lift",
        ("有无电梯", "有没有电梯", "是否有电梯", "有电梯", "电梯情况", "elevator"),
        ("是", "yes"),
        words=("是", "yes", "否", "no"),
    ),
    Column(
        "lock",
        "门禁",
        "Lock",
        ("门锁", "锁", "开门方式", "门禁密码", "door lock", "door code", "entry code", "intercom"),
        ("单元门密码2580", "street door code 2580"),
    ),
    Column(
        "dog",
        "养狗",
        "Dog",
        ("有狗", "狗", "有无狗", "是否养狗", "是否有狗", "养狗情况", "dogs"),
        ("有狗，会叫不咬", "barks, does not bite"),
    ),
    Column("latitude", "纬度", "Latitude", ("lat",)),
    Column("longitude", "经度", "Longitude", ("lon", "lng")),
    Column("language", "语言", "Language"),
    Column("dialect", "方言", "Dialect", (), ("重庆话", "Chongqing")),
    Column("hearing", "听力", "Hearing", ("听力情况",), ("重听", "hard of hearing"), words=choices(HEARINGS)),
    Column("sight", "视力", "Sight", ("视力情况", "vision", "eyesight"), ("正常", "good"), words=choices(SIGHTS)),
    Column(
        "care_level",
        "照护等级",
        "Care level",
        ("护理等级", "失能等级", "能力等级"),
        ("2",) * 2,
        words=tuple("0011223344"),
    ),
    Column(
        "groups",
        "人群类别",
        "Groups",
        ("类别", "老人类别", "人员类别", "群体"),
        ("独居、低保", "living alone, low income"),
        several=True,
        words=choices(GROUPS),
    ),
    Column(
        "health_note",
        "健康情况",
        "Health note",
        ("健康状况", "病史", "疾病"),
        ("高血压", "high blood pressure"),
    ),
    Column(
        "medicines",
        "用药",
        "Medicines",
        ("常用药", "服药", "用药情况", "服药情况", "长期用药", "药物", "medication", "medications", "medicine"),
        ("缬沙坦每天一片", "valsartan, one a day"),
    ),
    Column(
        "allergies",
        "过敏",
        "Allergies",
        ("过敏史", "药物过敏", "药物过敏史", "过敏情况", "过敏药物", "allergy", "drug allergies"),
        ("青霉素过敏", "penicillin"),
    ),
    Column("consented_on", "同意日期", "Consent on", ("同意书日期", "知情同意"), ("2026-03-01",) * 2),
    Column("consented_by", "同意人", "Consent by", ("签字人", "同意书签字人"), ("本人", "herself")),
    Column("visited_on", "走访日期", "Visited on", ("上门日期", "入户日期", "最近走访"), ("2026-03-01",) * 2),
    Column("visited_by", "走访人", "Visited by", ("上门人", "入户人员", "走访人员"), ("李芳", "Li Fang")),
    Column("usual", "常用商户", "Usual merchants", ("常去商户",)),
    *(column for number in range(1, CONTACTS + 1) for column in _contact(number)),
)

MERCHANTS = (
    Column("id", "编号", "No. in the register", ("商户编号", "id")),
    Column(
        "name", "名称", "Name", ("商户名称", "商户", "单位名称", "店名", "merchant"), ("仁安药房", "Ren'an Pharmacy")
    ),
    Column("kind", "类别", "Kind", ("商户类别", "类型", "type"), ("药房", "pharmacy"), words=choices(KINDS)),
    Column("area", "所属区域", "Area", ("区划代码", "区域", "所属社区", "area code")),
    Column("address", "地址", "Address", ("店址", "详细地址"), ("青石里南门1号", "Qingshili south gate 1")),
    Column("latitude", "纬度", "Latitude", ("lat",), ("29.534",) * 2),
    Column("longitude", "经度", "Longitude", ("lon", "lng"), ("106.505",) * 2),
    Column("sms", "短信号码", "SMS number", ("手机", "手机号", "接单手机"), ("19300234001",) * 2, several=True),
    Column(
        "voice", "电话", "Phone", ("联系电话", "接单电话", "座机", "voice number"), ("02367008001",) * 2, several=True
    ),
    Column(
        "first_channel", "首选方式", "Asked first by", ("首选通知方式",), ("短信", "sms"), words=choices(CHANNELS)
    ),
    Column(
        "channel_plan",
        "分时通知方式",
        "Asked by hours",
        ("通知时段", "分时段通知"),
        ("08:00-20:00 先短信 2次；20:00-08:00 先电话 3次", "08:00-20:00 sms first 2 times; 20:00-08:00 both"),
    ),
    Column(
        "staff",
        "送货员",
        "Staff",
        ("配送员", "上门人员", "服务人员", "店员", "员工", "couriers"),
        (
            "李伟 19300234011；陈静 不在 2027-02-16至2027-03-02",
            "Li Wei 19300234011; Chen Jing away 2027-02-16 to 2027-03-02",
        ),
        several=True,
    ),
    Column(
        "hours",
        "营业时间",
        "Opening hours",
        ("营业时段", "服务时间", "hours"),
        ("周一至周日 08:00-20:00", "Mon-Sun 08:00-20:00"),
    ),
    Column(
        "special_hours",
        "特殊日期营业",
        "Special days",
        ("节假日营业", "特殊营业日", "special opening hours"),
        (
            "2027-02-06至2027-02-10 休息 春节；节假日 10:00-16:00",
            "2027-02-06 to 2027-02-10 closed; holidays 10:00-16:00",
        ),
    ),
    Column("licence_number", "许可证号", "Licence number", ("证照编号", "营业执照号", "license number")),
    Column(
        "licence_expires",
        "许可证到期",
        "Licence expires",
        ("许可证有效期", "有效期至", "license expires"),
        ("2027-12-31",) * 2,
    ),
    Column("capacity", "同时接单数", "Capacity", ("接单上限", "最大单量"), ("3",) * 2),
    Column(
        "capacity_plan",
        "分时接单数",
        "Capacity by hours",
        ("分时段接单上限",),
        ("08:00-12:00 5单；18:00-22:00 1单", "08:00-12:00 5 jobs; 18:00-22:00 1 job"),
    ),
    Column("language", "语言", "Language"),
    Column("suspended_why", "暂停原因", "Suspended because", ("暂停",)),
)

CONTRACTS = (
    Column("merchant_id", "商户编号", "Merchant no. in the register", ("merchant id",)),
    Column("merchant", "商户名称", "Merchant", ("商户", "名称", "单位名称", "店名"), ("仁安药房", "Ren'an Pharmacy")),
    Column("services", "服务项目", "Services", ("服务", "服务内容", "service"), ("送药上门", "medicine")),
    Column("valid_from", "合同开始", "Valid from", ("开始日期", "生效日期", "起始日期", "from"), ("2026-01-01",) * 2),
    Column(
        "valid_until", "合同结束", "Valid until", ("结束日期", "到期日期", "截止日期", "until"), ("2026-12-31",) * 2
    ),
    Column("radius", "服务半径米", "Radius in metres", ("服务半径", "半径", "radius"), ("3000",) * 2),
    Column("areas", "服务区域", "Areas", ("区域", "覆盖区域")),
    Column(
        "fee",
        "收费",
        "Fee",
        ("费用", "收费标准", "上门费", "price"),
        ("1公里内免费，之外5元", "free within 1 km, 5 yuan beyond"),
    ),
    Column(
        "conditions",
        "条件",
        "Conditions",
        ("服务条件", "要求", "terms"),
        ("处方药凭处方", "a prescription where one is needed"),
    ),
)
