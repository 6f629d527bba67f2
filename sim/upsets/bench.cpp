// A controller with ideal arrays and a host, into which single upsets are put.
//
// Reads a job (arrays, script of the host) from the file of the first argument, runs it once and
// prints what it saw; then, for each line "cycle register bit" of standard input, cycles in order,
// a copy of the process runs on from that cycle with the bit flipped, and prints what it saw.
#include <cstdio>
#include <deque>
#include <fstream>
#include <iostream>
#include <sstream>
#include <sys/wait.h>
#include <unistd.h>

#include "controller.cc"

using std::string;
using std::vector;

static cxxrtl_design::p_popbridge__controller top;
static cxxrtl::debug_items items;

struct Port {  // all bits of a port, as words of 32
  uint32_t *bits = nullptr;
  size_t width = 0;
  bool operator[](size_t k) const { return bits[k / 32] >> (k % 32) & 1; }
  uint32_t get() const { return bits ? bits[0] : 0; }
  void set(uint32_t value) { if (bits) bits[0] = value; }
  void put(size_t k, bool value) {
    bits[k / 32] = (bits[k / 32] & ~(1u << k % 32)) | uint32_t(value) << k % 32;
  }
};

static Port port(const string &name) {
  Port found;
  if (items.count(name) != 1) return found;
  const auto &item = items.at(name)[0];
  found.bits = item.curr;
  found.width = item.width;
  return found;
}

static Port required(const string &name) {
  Port found = port(name);
  if (!found.bits) { std::cerr << "no port " << name << "\n"; exit(3); }
  return found;
}

enum Device : uint8_t { BLANK, LOW, HIGH };

struct Array {  // ideal: the comparator sees the sum of what agrees, halves of a score with planes
  Port wl, bl, blb, precharge, evaluate, strobe, dac_p, dac_n, share, acc_reset, sense_p, sense_n;
  Port sl_q, prog_op, prog_device, prog_mask, prog_pulse;
  size_t rows, columns, fan_in;
  bool pipelined, programmable;
  double offset, line = 0, held = 0;
  int least[3], gone[3] = {0, 0, 0};  // cycles of precharge, evaluate, strobe: needed, and so far
  bool late = false, was[5] = {};
  vector<vector<int8_t>> weights;
  vector<vector<Device>> devices[2];
  size_t broken = ~size_t(0);  // a row whose cells stay blank

  int cell(size_t row, size_t column) const {
    if (!programmable) return weights[row][column];
    bool up = devices[0][row][column] == LOW, down = devices[1][row][column] == LOW;
    return up == down ? 0 : up ? 1 : -1;
  }
  double sum() const {
    double total = 0;
    for (size_t row = 0; row < rows; row++)
      if (wl[row])
        for (size_t k = 0; k < fan_in; k++) total += cell(row, k) * (int(bl[k]) - int(blb[k]));
    return total;
  }
  void program() {
    bool pulse = prog_pulse.get();
    if (pulse && !was[4])
      for (size_t row = 0; row < rows; row++)
        if (wl[row] && row != broken)
          for (size_t k = 0; k < fan_in; k++)
            if (prog_mask[k]) {
              Device &device = devices[prog_device.get() & 1][row][k];
              uint32_t operation = prog_op.get();
              if (operation == 1) device = LOW;
              else if (device != BLANK) device = operation == 2 ? LOW : HIGH;
            }
    was[4] = pulse;
    for (size_t k = 0; k < fan_in; k++) {
      bool read = false;
      for (size_t row = 0; row < rows; row++)
        if (wl[row]) {
          int value = cell(row, k);
          read |= bl[k] ? value > 0 : blb[k] && value < 0;
        }
      sl_q.put(k, read);
    }
  }
  void cycle() {
    if (programmable) program();
    bool now[4] = {bool(precharge.get()), bool(evaluate.get()), bool(strobe.get()),
                   bool(share.get())};
    for (int k = 0; k < 3; k++) gone[k] = now[k] ? (was[k] ? gone[k] + 1 : 1) : gone[k];
    if (now[0]) { late = false; line = 0; }
    if (acc_reset.get() && now[0]) held = 0;
    if (now[1] && !was[1]) {
      late |= gone[0] < least[0];
      line = pipelined ? line + sum() : 0;
    }
    if (now[1] && !pipelined) line = sum();
    if (!now[1] && was[1]) gone[0] = 0;
    if (now[3] && !was[3]) held = (held + line) / 2;
    bool answers = false;
    double seen = (share.bits ? held : line) + offset;
    if (dac_p.bits) seen += int(dac_p.get()) - int(dac_n.get());
    if (now[2] && !was[2]) late |= gone[1] <= least[1];
    if (now[2]) answers = gone[2] >= least[2];
    // A row that was not given its time is read as the reverse.
    bool up = (seen > 0) != late;
    sense_p.set(answers && seen != 0 && up);
    sense_n.set(answers && seen != 0 && !up);
    for (int k = 0; k < 4; k++) was[k] = now[k];
  }
};

struct Op { char kind; uint32_t a, b, c; };

static vector<Array> arrays;
static vector<Op> script;
static vector<vector<uint32_t>> frames, rows_of_weights;
static uint32_t errors_at;
static uint64_t limit = ~0ull;

struct Host {
  Port awaddr = required("s_axil_awaddr"), awvalid = required("s_axil_awvalid"),
       awready = required("s_axil_awready"), wdata = required("s_axil_wdata"),
       wstrb = required("s_axil_wstrb"), wvalid = required("s_axil_wvalid"),
       wready = required("s_axil_wready"), bvalid = required("s_axil_bvalid"),
       bready = required("s_axil_bready"), araddr = required("s_axil_araddr"),
       arvalid = required("s_axil_arvalid"), arready = required("s_axil_arready"),
       rvalid = required("s_axil_rvalid"), rready = required("s_axil_rready"),
       rdata = required("s_axil_rdata");
  Port s_data = required("s_axis_tdata"), s_valid = required("s_axis_tvalid"),
       s_last = required("s_axis_tlast"), s_ready = required("s_axis_tready");
  Port m_data = required("m_axis_tdata"), m_valid = required("m_axis_tvalid"),
       m_last = required("m_axis_tlast"), m_ready = required("m_axis_tready");
  Port w_data = port("w_axis_tdata"), w_valid = port("w_axis_tvalid"),
       w_last = port("w_axis_tlast"), w_ready = port("w_axis_tready");
  std::deque<std::pair<uint32_t, bool>> image_beats, row_beats;
  vector<vector<uint32_t>> packets;
  vector<uint32_t> packet, reads;
  vector<uint64_t> begins, ends;
  size_t at = 0;
  int step = 0;  // of a bus access: 1 asked, 2 waiting for the answer
  uint64_t since = 0, now = 0, mark = 0;
  uint32_t errors = 0, random = 1;
  bool finished = false, in_image = false, hung = false, last_look = false;

  void drive() {
    bready.set(1);
    rready.set(1);
    random = random * 1664525u + 1013904223u;
    s_valid.set(!image_beats.empty() && (s_valid.get() || (random >> 28) != 0));
    if (!image_beats.empty()) {
      s_data.set(image_beats.front().first);
      s_last.set(image_beats.front().second);
    }
    w_valid.set(!row_beats.empty());
    if (!row_beats.empty()) {
      w_data.set(row_beats.front().first);
      w_last.set(row_beats.front().second);
    }
    m_ready.set((random >> 24 & 7) != 0);
  }
  void next() { at++; step = 0; since = now; }
  void look() {  // the last thing a host does, or what it does when nothing comes any more
    if (last_look) { finished = true; return; }
    last_look = hung = true;
    at = script.size() - 1;
    step = 0;
    since = now;
  }
  // Before the clock's edge: what is transferred in it.
  void before() {
    if (s_valid.get() && s_ready.get()) {
      if (!in_image) begins.push_back(now);
      in_image = !s_last.get();
      image_beats.pop_front();
    }
    if (w_valid.bits && w_valid.get() && w_ready.get()) row_beats.pop_front();
    if (m_valid.get() && m_ready.get()) {
      packet.push_back(m_data.get());
      if (m_last.get()) { packets.push_back(packet); packet.clear(); ends.push_back(now); }
    }
    if (finished) return;
    if (at >= script.size()) { finished = true; return; }
    const Op &op = script[at];
    if (now - since > limit) { look(); return; }
    switch (op.kind) {
      case 'W': case 'R': case 'P': bus(op); break;
      case 'S': {
        for (size_t k = 0; k < frames[op.a].size(); k++)
          image_beats.emplace_back(frames[op.a][k], k + 1 == frames[op.a].size());
        next();
        break;
      }
      case 'T': {
        const auto &row = rows_of_weights[op.a];
        for (size_t k = 0; k < row.size(); k++) row_beats.emplace_back(row[k], k + 1 == row.size());
        next();
        break;
      }
      case 'G': if (packets.size() >= op.a) next(); break;
      case 'D': if (now - since >= op.a) next(); break;
      case 'M': mark = now; next(); break;
    }
  }
  void bus(const Op &op) {
    bool write = op.kind == 'W';
    if (step == 0) {
      step = 1;
      if (write) { awaddr.set(op.a); wdata.set(op.b); wstrb.set(15); }
      else araddr.set(op.a);
      pending_aw = pending_w = write;
      pending_ar = !write;
      return;
    }
    if (awvalid.get() && awready.get()) pending_aw = false;
    if (wvalid.get() && wready.get()) pending_w = false;
    if (arvalid.get() && arready.get()) pending_ar = false;
    if (step == 1) {
      if (!(pending_aw || pending_w || pending_ar)) step = 2;
      return;
    }
    if (write ? bvalid.get() : rvalid.get()) {
      if (!write) {
        uint32_t data = rdata.get();
        if (op.kind == 'P' && (data & op.b) != op.c) { step = 0; return; }
        if (op.a == errors_at) errors |= data;
        reads.push_back(data);
      }
      next();
    }
  }
  bool pending_aw = false, pending_w = false, pending_ar = false;
  void ask() {
    awvalid.set(pending_aw);
    wvalid.set(pending_w);
    arvalid.set(pending_ar);
  }
};

static Host *host;
static Port clk;

static void advance() {
  for (auto &array : arrays) array.cycle();
  host->drive();
  host->ask();
  clk.set(0);
  top.step();
  host->before();
  clk.set(1);
  top.step();
  host->now++;
}

static void tell(const string &what) {
  std::ostringstream line;
  line << what << " " << host->now << " " << host->hung << " " << host->errors << " reads";
  for (uint32_t word : host->reads) line << " " << word;
  for (const auto &packet : host->packets) {
    line << " packet";
    for (uint32_t word : packet) line << " " << word;
  }
  std::cout << line.str() << "\n" << std::flush;
}

static void read_job(const char *path) {
  std::ifstream job(path);
  string word;
  while (job >> word) {
    if (word == "array") {
      Array a;
      string prefix;
      job >> prefix >> a.rows >> a.columns >> a.fan_in >> a.pipelined >> a.programmable >> a.offset;
      for (int &cycles : a.least) job >> cycles;
      long broken;
      job >> broken;
      if (broken >= 0) a.broken = size_t(broken);
      for (auto [pin, name] : vector<std::pair<Port *, const char *>>{
               {&a.wl, "wl"}, {&a.bl, "bl"}, {&a.blb, "blb"}, {&a.precharge, "precharge"},
               {&a.evaluate, "evaluate"}, {&a.strobe, "strobe"}, {&a.sense_p, "sense_p"},
               {&a.sense_n, "sense_n"}, {&a.dac_p, "dac_p"}, {&a.dac_n, "dac_n"},
               {&a.share, "share"}, {&a.acc_reset, "acc_reset"}, {&a.sl_q, "sl_q"},
               {&a.prog_op, "prog_op"}, {&a.prog_device, "prog_device"},
               {&a.prog_mask, "prog_mask"}, {&a.prog_pulse, "prog_pulse"}})
        *pin = port(prefix + "__" + name);
      a.weights.assign(a.rows, vector<int8_t>(a.fan_in));
      for (auto &row : a.weights)
        for (auto &weight : row) { int w; job >> w; weight = int8_t(w); }
      for (auto &side : a.devices) side.assign(a.rows, vector<Device>(a.fan_in, BLANK));
      arrays.push_back(a);
    } else if (word == "frame" || word == "row") {
      size_t beats;
      job >> beats;
      vector<uint32_t> frame(beats);
      for (auto &beat : frame) job >> beat;
      (word == "frame" ? frames : rows_of_weights).push_back(frame);
    } else if (word == "errors") {
      job >> errors_at;
    } else {
      Op op{word[0], 0, 0, 0};
      job >> op.a >> op.b >> op.c;
      script.push_back(op);
    }
  }
}

static string joined(string name) {
  for (auto &letter : name) if (letter == ' ') letter = '.';
  return name;
}

int main(int, char **arguments) {
  top.debug_info(&items, nullptr, "");
  read_job(arguments[1]);
  Host first;
  host = &first;
  clk = required("clk");
  Port rst = required("rst");
  rst.set(1);
  for (int k = 0; k < 3; k++) { clk.set(0); top.step(); clk.set(1); top.step(); }
  rst.set(0);
  top.step();
  std::map<string, const cxxrtl::debug_item *> registers;
  for (const auto &[name, parts] : items.table)
    for (const auto &item : parts)
      if (item.type == cxxrtl::debug_item::WIRE && (item.flags & CXXRTL_DRIVEN_SYNC) && item.next)
        registers[joined(name) + (item.lsb_at ? "+" + std::to_string(item.lsb_at) : "")] = &item;
  if (fork() == 0) {  // the run without an upset
    while (!host->finished) advance();
    for (const auto &[name, item] : registers)
      std::cout << "register " << name << " " << item->width << "\n";
    std::cout << "mark " << host->mark << "\nbegins";
    for (auto cycle : host->begins) std::cout << " " << cycle;
    std::cout << "\nends";
    for (auto cycle : host->ends) std::cout << " " << cycle;
    std::cout << "\n";
    tell("golden");
    _exit(0);
  }
  wait(nullptr);
  string name;
  uint64_t cycle, allowed;
  int bit;
  while (std::cin >> cycle >> name >> bit >> allowed) {
    while (host->now < cycle) advance();
    if (fork() == 0) {
      const auto *item = registers.count(name) ? registers[name] : nullptr;
      if (!item) { std::cerr << "no register " << name << "\n"; _exit(3); }
      item->curr[bit / 32] ^= 1u << bit % 32;
      item->next[bit / 32] ^= 1u << bit % 32;
      top.step();
      limit = allowed;
      host->since = host->now;
      while (!host->finished) advance();
      tell("upset");
      _exit(0);
    }
    int status;
    wait(&status);
    if (status) return 4;
  }
  return 0;
}
