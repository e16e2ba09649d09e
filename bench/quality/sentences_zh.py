#!/usr/bin/env python3
"""Made-up Chinese messages with personal data in them, to develop and measure the readers on.

    bench/quality/sentences_zh.py [COUNT] [SEED] > sentences.jsonl

Each line: `{"id", "text", "spans", "negatives"}`, offsets in characters. Chats, forms, mails, lists, notes. Check digits are right.
Names are drawn from a list of surnames and of given names that is not the one the readers know; half of the brands are
made up, so that what tells them is what stands around them.
"""

import json
import random
import re
import sys

SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
SURNAMES += "王李张刘陈杨赵黄周吴" * 6
COMPOUND = ["欧阳", "上官", "司马", "诸葛", "皇甫", "慕容", "令狐", "尉迟"]
GIVEN = """伟 芳 娜 敏 静 丽 强 磊 军 洋 勇 艳 杰 娟 涛 明 超 秀英 霞 平 刚 桂英 秀兰 玉兰 建国 建华 志强 志明 文杰 晓东 晓燕 海燕 春梅 丽华 国强 国庆 永强 小红 小刚
思雨 思远 雨桐 雨萱 欣怡 子轩 子涵 浩然 浩宇 梓涵 梓萱 一诺 一鸣 若曦 诗涵 佳怡 佳琪 嘉豪 嘉欣 俊杰 俊熙 宇轩 宇航 博文 博涛 天佑 天宇 泽楷 沐阳 沐辰 语嫣 语桐 可欣 晨曦 晓雯 雅婷 雅琪 婉清 静怡 梦洁 梦瑶
家豪 家辉 振华 振宇 振东 立新 立军 卫东 卫国 红梅 红霞 爱华 爱民 新民 新宇 文静 文斌 学军 学文 德华 德明 福生 福贵 根生 满仓 守义 长江 长青 大伟 大鹏 少华 少康 世杰 世豪 兆丰 启明 承志 宗翰 光耀 耀辉 凤英 凤仙
彩霞 玉珍 玉梅 淑芬 淑贞 惠敏 慧敏 慧玲 美玲 美娟 翠花 银花 金凤 金生 水生 火旺 木森 林 森 鑫 淼 焱 垚 帆 航 凯 旭 昊 晗 琪 瑶 璐 颖 莹 薇 蕾 雪 梅 兰 竹 菊 峰 岩 川 河 海 波 浪 涛 云 雷 电 鹏 飞 龙 虎 彪 豹 骏 骁""".split()
PUBLIC_BRANDS = ["李宁", "王老吉", "张小泉", "周大福", "老干妈", "徐福记", "方太", "林清轩", "马应龙", "谢馥春", "曹操出行", "孔府家酒", "杜蕾斯", "陈克明"]
MADE_BRANDS = ["韩小满", "顾小茶", "林大厨", "宋小福", "周小鲜", "吴有味", "谢谢果", "何小渔", "唐小燕", "沈家门", "田小暖", "余味堂", "严小品", "金小婉", "孙阿婆", "梁品轩", "陆小馋", "许小树"]
CITIES = [("浙江省", "宁波市", "海曙区"), ("福建省", "泉州市", "晋江市"), ("湖北省", "武汉市", "洪山区"), ("山东省", "济南市", "历下区"), ("江苏省", "无锡市", "梁溪区"),
          ("安徽省", "合肥市", "蜀山区"), ("四川省", "绵阳市", "涪城区"), ("河北省", "石家庄市", "长安区"), ("辽宁省", "沈阳市", "和平区"), ("广东省", "佛山市", "南海区"),
          ("广西壮族自治区", "南宁市", "青秀区"), ("内蒙古自治区", "包头市", "昆都仑区"), ("", "上海市", "静安区"), ("", "天津市", "河西区"), ("", "北京市", "丰台区"),
          ("江西省", "赣州市", "章贡区"), ("湖南省", "株洲市", "天元区"), ("贵州省", "遵义市", "红花岗区"), ("云南省", "大理白族自治州", "大理市"), ("海南省", "三亚市", "吉阳区")]
ROADS = "人民路 解放路 中山东路 建国路 文化路 和平大街 新华路 五一路 胜利街 长安街 花园路 环城西路 珞喻路 凤凰大道 工农路 迎宾大道 育才巷 石板巷 学府路 天河北路 机场路 经三路 纬十二路 南大街 后海胡同 桃花源路".split()
ESTATES = "阳光小区 锦绣花园 万达广场 恒大名都 绿城桂花园 翠湖天地 翡翠湾 中海国际社区 金域华府 幸福里 水木清华 东方家园 盛世嘉园 碧水云天 教师新村 机关大院 钢铁厂宿舍 保利心语 凤凰城 星河湾".split()
VILLAGES = "张家村 李庄村 大王庄 河口村 石桥村 东风村 赵家屯 上寨村 桃源村".split()
TOWNS = "柳林镇 青山镇 白石镇 龙泉乡 三江镇 太平乡 新店镇 沙河街道".split()
PLACES = ["南京南站", "首都机场", "外滩", "宽窄巷子", "人民广场", "黄鹤楼", "西溪湿地", "大雁塔", "春熙路", "万达广场"]
AREAS = ["010", "021", "022", "023", "024", "025", "027", "028", "029", "0311", "0371", "0431", "0512", "0531", "0571", "0574", "0591", "0731", "0755", "0769", "0851", "0898", "0991"]
BINS = ["622202", "621700", "622848", "621661", "622588", "623058", "436742", "601382", "622262", "621483", "622908", "622622"]


def name(r):
    if r.random() < 0.02:
        return r.choice(COMPOUND) + r.choice(GIVEN)
    return r.choice(SURNAMES) + r.choice(GIVEN)


def digits(r, n):
    return "".join(r.choice("0123456789") for _ in range(n))


def mobile(r):
    number = "1" + r.choice("3456789") + digits(r, 9)
    form = r.random()
    if form < 0.55:
        return number
    if form < 0.7:
        return f"{number[:3]}{(s := r.choice(' -'))}{number[3:7]}{s}{number[7:]}"
    if form < 0.78:
        return "+86" + r.choice(["", " ", "-"]) + number
    if form < 0.84:
        return "".join(chr(ord(c) + 0xFEE0) for c in number)
    if form < 0.9:
        return "".join("零一二三四五六七八九"[int(c)] for c in number)
    return number


def landline(r):
    area = r.choice(AREAS)
    number = r.choice("2345678") + digits(r, 7 if len(area) == 3 or r.random() < 0.7 else 6)
    form = r.choice(["{}-{}", "{}{}", "({}){}", "{} {}", "（{}）{}", "{}-{}转" + digits(r, 3), "{}-{}-" + digits(r, 3)])
    return form.format(area, number)


def identity(r):
    body = r.choice(["330203", "350582", "420111", "370102", "320213", "110106", "450103", "150203"]) + f"{r.randint(1945, 2018)}{r.randint(1, 12):02}{r.randint(1, 28):02}" + digits(r, 3)
    check = "10X98765432"[sum(int(c) * w for c, w in zip(body, [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])) % 11]
    return body + (check.lower() if r.random() < 0.3 else check)


def wrong_identity(r):
    good = identity(r)
    return good[:-1] + r.choice([c for c in "0123456789" if c != good[-1]])


def card(r):
    body = r.choice(BINS)
    body += digits(r, 18 - len(body) if not body.startswith(("43", "60")) else 15 - len(body))
    total = sum((d if i % 2 else (2 * d - 9 if d > 4 else 2 * d)) for i, d in enumerate(map(int, reversed(body))))
    number = body + str(-total % 10)
    return number if r.random() < 0.7 else re.sub(r"(\d{4})(?=\d)", r"\1 ", number)


def credit_code(r):
    chars = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    body = r.choice(["91", "92", "12", "51"]) + r.choice(["330203", "110106", "420111"]) + "".join(r.choice(chars) for _ in range(9))
    total = sum(chars.index(c) * pow(3, i, 31) for i, c in enumerate(body))
    return body + chars[-total % 31]


def address(r):
    province, city, district = r.choice(CITIES)
    start = r.choice([province + city + district] * 3 + [city + district, district, city.removesuffix("市") + district, f"{province} {city} {district} ".lstrip()])
    if r.random() < 0.12:
        return start + r.choice(TOWNS) + r.choice(VILLAGES) + r.choice(["", f"{r.randint(1, 12)}组", f"{r.randint(1, 9)}组{r.randint(1, 99)}号", f"{r.randint(1, 200)}号"])
    if r.random() < 0.12:
        start = ""
    road = r.choice(ROADS) + r.choice([f"{r.randint(1, 999)}号", f"{r.randint(1, 300)}弄{r.randint(1, 80)}号", f"{r.randint(1, 99)}-{r.randint(1, 9)}号", f" {r.randint(1, 999)} 号", f"{r.randint(1, 999)}号"])
    building, unit, room = r.randint(1, 38), r.randint(1, 6), r.randint(1, 33) * 100 + r.randint(1, 8)
    home = r.choice([f"{building}幢{room}室", f"{building}号楼{unit}单元{room}", f"{building}栋{unit}单元{room}室", f"{building}-{unit}-{room}", f"{r.choice('ABC')}座{room}", f"{building}栋{room}房", f"{building}号{room}室", ""])
    estate = r.choice(ESTATES)
    return start + r.choice([road + estate + home, road + estate + home, road, start and estate + (home or "3幢402室") or road])


def plate(r):
    head = r.choice("京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼") + r.choice("ABCDEFG")
    tail = digits(r, 5) if r.random() < 0.4 else "".join(r.choice("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789012345678901234567890123456789") for _ in range(5))
    if r.random() < 0.35:
        tail = r.choice("DF") + digits(r, 5)
    if not re.search(r"\d", tail):
        tail = tail[:-1] + "8"
    return head + r.choice(["", "", "·", " "]) + tail


MAKE = {
    "NAME": name, "PHONE": mobile, "LANDLINE": landline, "CN_ID": identity, "BANK_CARD": card, "ADDRESS": address, "PLATE": plate, "USCC": credit_code,
    "EMAIL": lambda r: r.choice(["sunny", "lin.xiao", "wang_2003", "k8", "zhouzhou"]) + digits(r, 3) + "@" + r.choice(["qq.com", "163.com", "outlook.com", "sina.cn", "corp.com.cn"]),
    "WECHAT": lambda r: r.choice(["wxid_" + "".join(r.choice("abcdefghjk0123456789") for _ in range(14)), "xiaolin" + digits(r, 4), "lv-tu_" + digits(r, 2), "Amy" + digits(r, 5)]),
    "QQ": lambda r: r.choice("123456789") + digits(r, r.randint(5, 9)),
    "PASSPORT": lambda r: r.choice(["E" + digits(r, 8), "E" + r.choice("ABCDEFGHJK") + digits(r, 7), "G" + digits(r, 8)]),
    "ORDER_NO": lambda r: r.choice([digits(r, 18), "2026" + digits(r, 12), "DD" + digits(r, 12)]).replace("0", "1", 1),
    "TRACKING_NO": lambda r: r.choice(["SF" + digits(r, 13), "YT" + digits(r, 13), "JD" + digits(r, 13), "JT" + digits(r, 13), "7" + digits(r, 13), "4" + digits(r, 14), "9" + digits(r, 12)]),
    "BRAND": lambda r: r.choice(PUBLIC_BRANDS + MADE_BRANDS), "PLACE": lambda r: r.choice(PLACES), "BAD_ID": wrong_identity,
    "PRICE": lambda r: f"{r.randint(5, 9999)}.{r.randint(0, 99):02}", "HOTLINE": lambda r: r.choice(["95588", "400-810-6666", "12306", "10000", "4008123123", "12345", "95555", "800-810-0888"]),
    "DATE": lambda r: r.choice(["2026年3月15日", "2025-11-02", "5月6日下午3点", "2026/01/09"]), "COUNT": lambda r: r.choice(["3件", "12个", "100人", "50公里"]),
}
NEGATIVE = {"BRAND", "PLACE", "BAD_ID", "PRICE", "HOTLINE", "DATE", "COUNT"}

TEMPLATES = """
{NAME}，{PHONE}，{ADDRESS}
{NAME} {PHONE} {ADDRESS}
{ADDRESS} {NAME} {PHONE}
姓名：{NAME}\\n性别：女\\n身份证号：{CN_ID}\\n联系电话：{PHONE}\\n住址：{ADDRESS}
姓名 {NAME}  手机 {PHONE}  地址 {ADDRESS}
收货人:{NAME} 电话:{PHONE} 收货地址:{ADDRESS}
尊敬的{NAME}先生：您尾号的信用卡{BANK_CARD}已激活，如有疑问请拨打{HOTLINE}。
{NAME}女士您好，您预约的{DATE}体检已确认，地点{PLACE}。
亲爱的{NAME}：\\n来信收到。下周我去{PLACE}接你。\\n{NAME}
老同学{NAME}昨天结婚了，新娘叫{NAME}。
我把钱还给{NAME}了，转到他的{BANK_CARD}。
你认识{NAME}吗？他以前住{ADDRESS}。
{NAME}说他的车是{PLATE}，白色的。
昨天{NAME}、{NAME}和{NAME}一起去了{PLACE}。
@{NAME} 明天的会你来主持，@{NAME} 负责记录。
{NAME}的身份证是{CN_ID}，麻烦帮忙买票。
我儿子{NAME}今年上小学，班主任是{NAME}老师。
房东{NAME}的电话{PHONE}，房租打到{BANK_CARD}。
甲方：{NAME}，身份证号码{CN_ID}。乙方：{NAME}，住{ADDRESS}。
原告{NAME}诉被告{NAME}民间借贷纠纷一案，已于{DATE}立案。
患者{NAME}，男，45岁，因胸闷入院，主治医生{NAME}。
请转告{NAME}，他的快递{TRACKING_NO}到了。
中通快递{TRACKING_NO}一直没更新，收件人{NAME}。
运单号：{TRACKING_NO}，请查收。
包裹单号 {TRACKING_NO} 显示已签收，但我没收到
订单号：{ORDER_NO}，我要退货，原因是尺码不对。
我的订单{ORDER_NO}能改地址吗？改到{ADDRESS}。
订单编号{ORDER_NO}，实付{PRICE}元。
加我微信{WECHAT}，备注买房。
微信号：{WECHAT}
vx: {WECHAT} 聊
QQ：{QQ}，或者发邮件到{EMAIL}。
我的qq号是{QQ}
邮箱{EMAIL}，简历发给{NAME}就行。
护照号码{PASSPORT}，姓名{NAME}，航班{DATE}。
出境人员：{NAME}，护照{PASSPORT}。
车牌号{PLATE}违停，车主{NAME}，请尽快挪车。
谁的车？{PLATE}挡住我了，打{PHONE}没人接。
公司税号{USCC}，开户行账号{BANK_CARD}。
统一社会信用代码：{USCC}，法定代表人：{NAME}。
办公室电话{LANDLINE}，找{NAME}。
传真：{LANDLINE}
家里座机是{LANDLINE}，白天没人。
打{LANDLINE}问问{NAME}在不在。
客服热线{HOTLINE}，24小时服务。
查话费拨{HOTLINE}，投诉打{HOTLINE}。
这个身份证号{BAD_ID}校验不通过。
{BRAND}的鞋子穿着舒服，{PRICE}元一双。
我想买{BRAND}的礼盒，有优惠吗？
{BRAND}和{BRAND}你更喜欢哪个牌子？
今天在{BRAND}专柜买了条项链，花了{PRICE}。
{BRAND}旗舰店双十一打八折。
给我来两罐{BRAND}，再来一包纸巾。
{BRAND}新品发布，欢迎到店品尝。
推荐一下{BRAND}的产品，哪款好用？
晚上去吃{BRAND}吧，我请客。
{BRAND}客服电话{HOTLINE}。
楼下新开了一家{BRAND}，味道不错。
{BRAND}股份有限公司{DATE}发布公告。
我在{PLACE}等你，别迟到。
从{PLACE}到{PLACE}怎么坐地铁？
一共{COUNT}，每个{PRICE}元。
妈，我到{PLACE}了，{NAME}来接我。
把文件寄到{ADDRESS}，{NAME}收。
住址变更为{ADDRESS}，请更新。
我家在{ADDRESS}，欢迎来玩！
师傅，麻烦到{ADDRESS}接一下，电话{PHONE}。
外卖放{ADDRESS}门口，谢谢。
户籍所在地：{ADDRESS}
公司搬到{ADDRESS}了，前台电话{LANDLINE}。
紧急联系人：{NAME}（配偶），{PHONE}
推荐人{NAME}，工号1024，部门市场部。
各位家长，{NAME}和{NAME}同学今天请假。
本次会议由{NAME}主持，{NAME}、{NAME}列席。
面试官{NAME}对候选人{NAME}评价很高。
{NAME}经理，合同已发到{EMAIL}，请查收。
发件人：{NAME} <{EMAIL}>
此致\\n敬礼\\n{NAME}\\n{DATE}
祝好，\\n{NAME}\\n手机：{PHONE}
1. {NAME} {PHONE}\\n2. {NAME} {PHONE}\\n3. {NAME} {PHONE}
张三丰这个角色我很喜欢，{NAME}演得好。
听说{NAME}离职了，谁接他的工作？
{NAME}欠我{PRICE}元一直不还，他住{ADDRESS}。
{NAME}：明天几点集合？\\n{NAME}：八点，{PLACE}见。
我是{NAME}的妈妈，孩子今天发烧了。
你好，我姓李，叫{NAME}，想咨询贷款。
这位是我们的新同事{NAME}，大家欢迎。
麻烦{NAME}帮我取一下快递，取件码5-2-3021。
学号20230415，姓名{NAME}，成绩92分。
|{NAME}|{PHONE}|{CN_ID}|
{NAME},{PHONE},{EMAIL},{ADDRESS}
{"name":"{NAME}","mobile":"{PHONE}","addr":"{ADDRESS}"}
开户名：{NAME}，账号：{BANK_CARD}，开户行：工商银行。
收款人{NAME}，卡号{BANK_CARD}，金额{PRICE}。
汇款给{NAME}，{BANK_CARD}，别转错。
医生说{NAME}恢复得不错，{DATE}可以出院。
快递员{NAME}，电话{PHONE}，正在派送。
司机{NAME}（{PLATE}）已到达{PLACE}。
报名信息：{NAME}/男/{PHONE}
""".strip().split("\n")


def sentence(r):
    template = r.choice(TEMPLATES).replace("\\n", "\n")
    text, spans, negatives = "", [], []
    for part in re.split(r"(\{[A-Z_]+\})", template):
        kind = part[1:-1] if part.startswith("{") and part[1:-1] in MAKE else None
        value = MAKE[kind](r) if kind else part
        if kind:
            span = {"type": kind, "start": len(text), "end": len(text) + len(value), "text": value}
            (negatives if kind in NEGATIVE else spans).append(span)
        text += value
    return text, spans, negatives


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 4000
    r = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 5)
    for i in range(count):
        text, spans, negatives = sentence(r)
        print(json.dumps({"id": f"s-{i}", "text": text, "spans": spans, "negatives": negatives}, ensure_ascii=False))


if __name__ == "__main__":
    main()
