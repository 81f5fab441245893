struct P;

#[wsp::provider]
impl std::fmt::Display for P {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Ok(())
    }
}

fn main() {}
