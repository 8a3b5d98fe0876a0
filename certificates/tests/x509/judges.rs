//! Three programs that read and verify certificates: openssl(1), webpki of rustls, and crypto/x509 of Go. Each is asked the
//! same questions about the same certificates.

pub mod go;
mod openssl;
mod webpki;

use std::fmt;

/// Who judges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judge {
    OpenSsl,
    Webpki,
    Go,
}

impl Judge {
    pub const ALL: [Self; 3] = [Self::OpenSsl, Self::Webpki, Self::Go];
}

/// A certificate, those that lead to the one that is trusted, and what is asked.
#[derive(Debug, Clone)]
pub struct Case {
    pub name: String,
    pub leaf: Vec<u8>,
    pub intermediates: Vec<Vec<u8>>,
    /// The one that is trusted: the certificate itself, where that signed itself.
    pub root: Vec<u8>,
    /// The list of revoked certificates of the authority that signed it, where one is looked at.
    pub list: Option<Vec<u8>>,
    pub questions: Vec<Question>,
    /// Who refuses it whatever is asked, and why.
    pub refused_by: Vec<(Judge, &'static str)>,
}

/// What a certificate is to be good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usage {
    Server,
    Client,
    Email,
    CodeSigning,
    Anything,
}

/// The name under which a certificate is to be good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Name {
    Host(String),
    Address(String),
    Mailbox(String),
}

/// Whether a certificate is good at a time, for a use, under a name.
#[derive(Debug, Clone)]
pub struct Question {
    pub at: i64,
    pub usage: Usage,
    pub name: Option<Name>,
    is_good: bool,
    /// Who says the contrary, and why.
    contrary: Vec<(Judge, &'static str)>,
}

/// An answer: yes, or why not. None where the judge has no way to be asked that.
pub type Answer = Option<Result<(), String>>;

impl Question {
    /// The answer to it is yes.
    pub const fn yes(at: i64, usage: Usage) -> Self {
        Self {
            at,
            usage,
            name: None,
            is_good: true,
            contrary: Vec::new(),
        }
    }

    /// The answer to it is no.
    pub const fn no(at: i64, usage: Usage) -> Self {
        let mut question = Self::yes(at, usage);
        question.is_good = false;
        question
    }

    pub fn host(self, host: &str) -> Self {
        self.named(Name::Host(host.to_owned()))
    }

    pub fn address(self, address: &str) -> Self {
        self.named(Name::Address(address.to_owned()))
    }

    pub fn mailbox(self, mailbox: &str) -> Self {
        self.named(Name::Mailbox(mailbox.to_owned()))
    }

    fn named(mut self, name: Name) -> Self {
        self.name = Some(name);
        self
    }

    /// The judge says the contrary, for a reason that is its own.
    pub fn contrary(mut self, judge: Judge, why: &'static str) -> Self {
        self.contrary.push((judge, why));
        self
    }
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} at {} as {:?}", self.usage, self.at, self.name)
    }
}

impl Case {
    /// Whether the certificate signed itself.
    pub fn is_self_signed(&self) -> bool {
        self.leaf == self.root
    }

    fn expects(&self, judge: Judge, question: &Question) -> bool {
        let is_of = |named: &[(Judge, &str)]| named.iter().any(|(who, _)| *who == judge);
        !is_of(&self.refused_by) && question.is_good != is_of(&question.contrary)
    }
}

/// What each case is answered.
pub fn answers(judge: Judge, cases: &[Case]) -> Vec<Vec<Answer>> {
    match judge {
        Judge::OpenSsl => cases.iter().map(openssl::answers).collect(),
        Judge::Webpki => cases.iter().map(webpki::answers).collect(),
        Judge::Go => go::verdicts(cases).into_iter().map(|it| it.answers).collect(),
    }
}

/// Asks every judge everything, and expects the answers that stand beside the questions.
pub fn check(cases: &[Case]) {
    let mut complaints = Vec::new();
    for judge in Judge::ALL {
        let (mut good, mut bad) = (0, 0);
        for (case, answers) in cases.iter().zip(answers(judge, cases)) {
            assert_eq!(answers.len(), case.questions.len(), "{judge:?}, {}", case.name);
            for (question, answer) in case.questions.iter().zip(answers) {
                let Some(answer) = answer else { continue };
                match answer {
                    Ok(()) => good += 1,
                    Err(_) => bad += 1,
                }
                if answer.is_ok() != case.expects(judge, question) {
                    complaints.push(format!("{judge:?}, {}, {question}: {answer:?}", case.name));
                }
            }
        }
        assert!(
            good > 0 && bad > 0,
            "{judge:?} says the same of everything: {good} good, {bad} bad"
        );
    }
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}
