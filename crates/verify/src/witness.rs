//! Witnesses: others who say that they saw a checkpoint and that the log only grew (C2SP `tlog-cosignature`).
//!
//! The secret key of a log can sign two histories. A cosignature of a witness, who keeps what it saw last and
//! signs only what continues it, is what shows that everyone was shown the same one.

use std::{fmt, str::FromStr, sync::Arc};

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use serde::{Serialize, Serializer};

use crate::{
    Checkpoint, VerifyError,
    merkle::{TreeHash, verify_consistency},
    note::{NamedKey, Note, SignatureLine},
};

/// The signature type of timestamped Ed25519 cosignatures.
const COSIGNATURE: u8 = 4;

/// Length of a timestamp and an Ed25519 signature.
const SIGNATURE: usize = 8 + 64;

/// The most hashes that a consistency proof may have (C2SP `tlog-witness`).
const MAX_PROOF: usize = 63;

/// Who cosigns: a witness's name and public key. Written `name+hash+key`, the C2SP `vkey` form with type 4.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessKey(NamedKey<COSIGNATURE>);

impl WitnessKey {
    /// The public side of `key` under the name `name`, for example `witness.example/w1`.
    ///
    /// # Errors
    /// [`VerifyError::Malformed`] when `name` is empty, longer than 255 bytes, or holds white space or `+`.
    pub fn new(name: &str, key: VerifyingKey) -> Result<Self, VerifyError> {
        NamedKey::new("witness key", name, key).map(Self)
    }

    /// The witness's name.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Its cosignature under `checkpoint`.
    ///
    /// # Errors
    /// [`VerifyError::Unproven`] when there is none or it is wrong; [`VerifyError::Malformed`] when a line is odd.
    pub fn verify(&self, checkpoint: &Checkpoint) -> Result<Cosignature, VerifyError> {
        let note = Note::split("checkpoint", checkpoint.note())?;
        let mut best: Option<Cosignature> = None;
        for line in note.signatures() {
            let line = line?;
            if self.made(&line) {
                let found = self.check(checkpoint.body(), &line)?;
                if best.as_ref().is_none_or(|best| best.time < found.time) {
                    best = Some(found);
                }
            }
        }
        best.ok_or_else(|| {
            VerifyError::Unproven(format!("the checkpoint is not cosigned by {}", self.name()))
        })
    }

    fn made(&self, line: &SignatureLine<'_>) -> bool {
        line.name == self.name() && line.id == self.0.id()
    }

    fn check(&self, body: &str, line: &SignatureLine<'_>) -> Result<Cosignature, VerifyError> {
        let bad = |why: &str| VerifyError::malformed("cosignature", why);
        let Some((time, signature)) = line.signature.split_first_chunk::<8>() else {
            return Err(bad("it is too short"));
        };
        let signature = Signature::from_slice(signature).map_err(|_| bad("it has a bad length"))?;
        let time = u64::from_be_bytes(*time);
        if i64::try_from(time).is_err() {
            return Err(bad("its time is out of range"));
        }
        let message = message(time, body);
        if self.0.key.verify_strict(message.as_bytes(), &signature).is_err() {
            let why = format!("the cosignature of {} is wrong", self.name());
            return Err(VerifyError::Unproven(why));
        }
        Ok(Cosignature { witness: self.0.name.clone(), time })
    }
}

impl fmt::Display for WitnessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.write())
    }
}

impl FromStr for WitnessKey {
    type Err = VerifyError;

    fn from_str(text: &str) -> Result<Self, VerifyError> {
        NamedKey::parse("witness key", text).map(Self)
    }
}

impl Serialize for WitnessKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A cosignature that was verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cosignature {
    /// The witness's name.
    pub witness: Arc<str>,
    /// When it cosigned, in seconds since 1970.
    pub time: u64,
}

/// Signs checkpoints as a witness does. It remembers nothing: whoever calls it must have checked that the
/// checkpoint continues what was signed before, as [`Submission::verify`] does.
pub struct WitnessSigner {
    secret: SigningKey,
    public: WitnessKey,
}

impl WitnessSigner {
    /// Cosigns as `name` with `secret`.
    ///
    /// # Errors
    /// As [`WitnessKey::new`].
    pub fn new(name: &str, secret: SigningKey) -> Result<Self, VerifyError> {
        let public = WitnessKey::new(name, secret.verifying_key())?;
        Ok(Self { secret, public })
    }

    /// What its cosignatures are verified with.
    pub fn public(&self) -> &WitnessKey {
        &self.public
    }

    /// The signature line, with its end, that says that `checkpoint` was seen at `time`, in seconds since 1970.
    pub fn cosign(&self, checkpoint: &Checkpoint, time: u64) -> String {
        let signature = self.secret.sign(message(time, checkpoint.body()).as_bytes());
        let mut bytes = [0; SIGNATURE];
        bytes[..8].copy_from_slice(&time.to_be_bytes());
        bytes[8..].copy_from_slice(&signature.to_bytes());
        let mut line = String::new();
        SignatureLine::write(&mut line, self.public.name(), self.public.0.id(), &bytes);
        line
    }
}

fn message(time: u64, body: &str) -> String {
    format!("cosignature/v1\ntime {time}\n{body}")
}

impl Checkpoint {
    /// Takes the cosignatures of `witnesses` out of `text`, which is a cosigned note of this very checkpoint or
    /// what a witness answered: signature lines alone. Lines of others are left out, as are those already there.
    ///
    /// # Errors
    /// [`VerifyError::Unproven`] when none is of these witnesses, one of theirs is wrong, or the note is of
    /// another checkpoint; [`VerifyError::Malformed`] when a line is odd.
    pub fn cosigned(
        &self,
        text: &str,
        witnesses: &[WitnessKey],
    ) -> Result<(Self, Vec<Cosignature>), VerifyError> {
        let lines = match text.rfind("\n\n") {
            Some(end) if text[..=end] == *self.body() => &text[end + 2..],
            Some(_) => return Err(VerifyError::unproven("the note is of another checkpoint")),
            None => text,
        };
        let (mut taken, mut found) = (String::new(), Vec::new());
        for line in lines.lines().map(SignatureLine::parse) {
            let line = line?;
            let Some(witness) = witnesses.iter().find(|witness| witness.made(&line)) else {
                continue;
            };
            found.push(witness.check(self.body(), &line)?);
            if !self.note().lines().chain(taken.lines()).any(|known| known == line.line) {
                taken.push_str(line.line);
                taken.push('\n');
            }
        }
        if found.is_empty() {
            return Err(VerifyError::unproven("no cosignature is of a witness that was named"));
        }
        Ok((self.with_lines(&taken), found))
    }
}

/// A checkpoint on its way to a witness, with the proof that it continues an older one: the body of C2SP
/// `tlog-witness` `add-checkpoint`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// How many entries the older log had.
    pub old_size: u64,
    /// The consistency proof (RFC 6962 §2.1.2) from the older log.
    pub proof: Vec<TreeHash>,
    /// The signed note.
    pub checkpoint: Arc<str>,
}

impl Submission {
    /// Reads the body of an `add-checkpoint` request. The checkpoint in it is not yet verified.
    ///
    /// # Errors
    /// [`VerifyError::Malformed`].
    pub fn parse(text: &str) -> Result<Self, VerifyError> {
        let bad = |why: &str| VerifyError::malformed("checkpoint submission", why);
        let (head, checkpoint) =
            text.split_once("\n\n").ok_or_else(|| bad("it has no empty line"))?;
        let mut lines = head.lines();
        let old = lines.next().and_then(|line| line.strip_prefix("old "));
        let old = old.ok_or_else(|| bad("it does not begin with the old size"))?;
        let old_size: u64 = old.parse().map_err(|_| bad("the old size is not a number"))?;
        if old_size.to_string() != old {
            return Err(bad("the old size is not plain decimal"));
        }
        let proof = lines.map(str::parse).collect::<Result<Vec<TreeHash>, _>>()?;
        if proof.len() > MAX_PROOF {
            return Err(bad("the proof has more than 63 hashes"));
        }
        Ok(Self { old_size, proof, checkpoint: checkpoint.into() })
    }

    /// Whether the log of `checkpoint`, which is the one in here after its signature was verified, begins with
    /// the log of `old_size` entries under `old_root`.
    ///
    /// # Errors
    /// [`VerifyError::Unproven`].
    pub fn verify(
        &self,
        checkpoint: &Checkpoint,
        old_size: u64,
        old_root: TreeHash,
    ) -> Result<(), VerifyError> {
        if self.old_size != old_size {
            let why =
                format!("the proof is from a log of {} entries, not of {old_size}", self.old_size);
            return Err(VerifyError::Unproven(why));
        }
        let (size, root) = (checkpoint.size(), checkpoint.root());
        if verify_consistency(old_size, old_root, size, root, &self.proof) {
            Ok(())
        } else {
            let why =
                format!("the log of {size} entries does not begin with the log of {old_size}");
            Err(VerifyError::Unproven(why))
        }
    }
}

impl fmt::Display for Submission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old_size)?;
        for hash in &self.proof {
            writeln!(f, "{hash}")?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CheckpointSigner;

    fn log() -> CheckpointSigner {
        CheckpointSigner::new("log.example/cn", SigningKey::from_bytes(&[7; 32])).unwrap()
    }

    fn witness(name: &str, seed: u8) -> WitnessSigner {
        WitnessSigner::new(name, SigningKey::from_bytes(&[seed; 32])).unwrap()
    }

    /// The checkpoint and key ids of the example in C2SP `tlog-cosignature`: the form, since its keys are not told.
    #[test]
    fn the_example_of_the_specification_is_taken_apart() {
        let note = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\
            — example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n\
            — witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n";
        let parts = Note::split("checkpoint", note).unwrap();
        let lines: Vec<_> = parts.signatures().map(Result::unwrap).collect();
        assert_eq!(lines[1].name, "witness.example.com/w1");
        assert_eq!(lines[1].signature.len(), SIGNATURE);
        let time = u64::from_be_bytes(lines[1].signature[..8].try_into().unwrap());
        assert_eq!(time, 1_679_315_147);
        assert_eq!(
            message(time, parts.text),
            "cosignature/v1\ntime 1679315147\nexample.com/behind-the-sofa\n20852163\n\
             CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
        );
    }

    #[test]
    fn cosignatures_are_taken_from_notes_and_from_lines_and_only_of_those_named() {
        let (w1, w2) = (witness("witness.example/w1", 1), witness("witness.example/w2", 2));
        let (k1, k2) = (w1.public().clone(), w2.public().clone());
        let made = log().sign(12, TreeHash::of_leaf(b"x"));
        let lines = [w1.cosign(&made, 100), w2.cosign(&made, 200)].concat();
        assert!(k1.verify(&made).is_err());

        let (one, found) = made.cosigned(&lines, std::slice::from_ref(&k1)).unwrap();
        assert_eq!(found, [Cosignature { witness: "witness.example/w1".into(), time: 100 }]);
        assert_eq!(k1.verify(&one).unwrap().time, 100);
        assert!(k2.verify(&one).is_err());
        let whole = format!("{}{lines}", made.note());
        let (both, _) = one.cosigned(&whole, &[k1.clone(), k2.clone()]).unwrap();
        assert_eq!(both.note(), whole, "what was there is not added twice");
        assert_eq!(Checkpoint::verify(&whole, log().public()).unwrap(), both);
        assert_eq!((both.size(), both.root(), both.body()), (12, made.root(), made.body()));

        let other = log().sign(13, TreeHash::of_leaf(b"y"));
        assert!(other.cosigned(&whole, std::slice::from_ref(&k1)).is_err());
        assert!(other.cosigned(&lines, std::slice::from_ref(&k1)).is_err());
        let stranger = witness("witness.example/w3", 3);
        assert!(made.cosigned(&lines, std::slice::from_ref(stranger.public())).is_err());
        let renamed = witness("witness.example/w1", 3);
        assert!(made.cosigned(&lines, std::slice::from_ref(renamed.public())).is_err());
        assert_eq!(k1.to_string().parse::<WitnessKey>().unwrap(), k1);
        assert!(k1.to_string().parse::<crate::LogKey>().is_err(), "a witness is no log");
    }

    #[test]
    fn every_flipped_byte_of_a_cosigned_note_is_noticed() {
        let witness = witness("witness.example/w1", 1);
        let made = log().sign(12, TreeHash::of_leaf(b"x"));
        let (made, _) = made
            .cosigned(&witness.cosign(&made, 100), std::slice::from_ref(witness.public()))
            .unwrap();
        for position in 0..made.note().len() {
            let mut bent = made.note().as_bytes().to_vec();
            bent[position] ^= 1;
            let Ok(bent) = String::from_utf8(bent) else { continue };
            let found = Checkpoint::verify(&bent, log().public())
                .and_then(|checkpoint| witness.public().verify(&checkpoint));
            assert!(found.is_err(), "byte {position}");
        }
    }

    #[test]
    fn a_submission_keeps_its_form_and_proves_growth() {
        let (a, b) = (TreeHash::of_leaf(b"a"), TreeHash::of_leaf(b"b"));
        let made = log().sign(2, TreeHash::of_node(a, b));
        let submission = Submission { old_size: 1, proof: vec![b], checkpoint: made.shared_note() };
        let text = submission.to_string();
        assert!(text.starts_with(&format!("old 1\n{b}\n\nlog.example/cn\n2\n")));
        assert_eq!(Submission::parse(&text).unwrap(), submission);
        submission.verify(&made, 1, a).unwrap();
        assert!(submission.verify(&made, 1, b).is_err());
        assert!(submission.verify(&made, 2, made.root()).is_err());
        for bad in ["", "old 1\n", "old 01\n\nx", "old x\n\nx", "new 1\n\nx", "old 1\nzz\n\nx"] {
            assert!(Submission::parse(bad).is_err(), "{bad:?}");
        }
    }
}
