#[wsp::provider]
struct P;

fn main() {}
