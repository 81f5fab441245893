struct P;

#[wsp::provider]
impl P {}

fn main() {}
