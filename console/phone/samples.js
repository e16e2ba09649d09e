// Sample texts of our own, in English and Chinese. The personal data in them is no person's: a carrier's well-known
// service number, and an address under a domain reserved for examples.

const PROSE = {
  en: "The night ferry to the island was full long before it left. Fishermen slept on coiled ropes, and two students shared one bench and one blanket. At ten the captain walked the deck and told everyone that the fog would hold them until dawn. Nobody complained. A baker opened his basket and passed warm rolls from hand to hand, and someone found a kettle. By midnight the strangers had learned each other's names, and the fog had become an excuse to keep talking. When the harbour lights finally appeared, pale in the grey morning, few of the passengers hurried to the rail. The ferry was six hours late, and most of them said later that it was the shortest crossing of their lives.",
  zh: "开往小岛的夜班渡轮还没离港就坐满了人。渔民枕着缆绳打盹，两个学生合用一张长椅和一条毯子。十点钟，船长走上甲板，告诉大家雾太大，要等到天亮才能开船。没有人抱怨。一位面包师打开篮子，把热面包一个个传下去，又有人找来了一把水壶。到了半夜，陌生人已经记住了彼此的名字，大雾也成了继续聊天的理由。清晨，港口的灯光终于在灰白的天色里浮现，却很少有人急着走向船舷。渡轮晚了六个小时，可后来多数人都说，那是他们一生中最短的一次航程。",
};

/** Sample texts by feature, then by which sample button. A feature without its own has the prose. */
export const SAMPLES = {
  "writing.proofread": {
    en: "I recieved the the parcel yesterday, and its in good condition . Their was also a small gift inside, wich my daughter liked alot.",
    zh: "我昨天收到了了包裹,东西完好无损 。里面还有一份小礼物，女儿非常非常喜欢!下次再见面的时侯，请告诉我你在哪儿买的。",
    private: { en: "Please call me at 13800138000 or write to lin.wei@example.com tomorow , I will be home.", zh: "请打我的手机13800138000,或者发邮件到lin.wei@example.com，我明天在在家。" },
  },
  "writing.rewrite": {
    en: "Send me the report today. You are late again, and I can not finish my part without it.",
    zh: "今天必须把报告发给我。你又晚了，没有它我这部分没法完成。",
    private: { en: "Send the report to lin.wei@example.com today or call 13800138000. You are late again.", zh: "今天把报告发到lin.wei@example.com，或者打13800138000。你又晚了。" },
  },
  "assistant.chat": {
    en: "I have one free afternoon in a city with a river. How should I spend it?",
    zh: "我在一座有河的城市里有一个空闲的下午，怎么过比较好？",
    private: { en: "My number is 13800138000. How do I word a short message that asks a neighbour to water my plants?", zh: "我的电话是13800138000。怎样写一条简短的消息，请邻居帮我浇花？" },
  },
  prose: {
    ...PROSE,
    private: { en: `${PROSE.en} Anyone who lost a blue scarf may call 13800138000 or write to lin.wei@example.com.`, zh: `${PROSE.zh}丢失蓝色围巾的乘客，请致电13800138000或写信至lin.wei@example.com。` },
  },
};
