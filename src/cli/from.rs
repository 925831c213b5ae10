//! Which files, and which of their packets, were meant?

use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::arguments::From;
use super::{Usage, usage};

impl From {
    /// Takes a number from the last word: `FILE NUMBER`, or `FILE#NUMBER`. `what` is numbered, as a
    /// command tells it.
    pub(super) fn take_number<N: FromStr>(
        &mut self,
        what: &str,
        command: &str,
    ) -> Result<N, Usage> {
        let wanted = || {
            usage(format!(
                "which {what}? write its number behind the file, as `{command}` tells it"
            ))
        };
        let last = self.words.pop().ok_or_else(wanted)?;
        if let Ok(number) = last.parse() {
            let is_alone = self.words.is_empty() && self.read.is_empty() && !self.listen.is_asked();
            return if is_alone {
                Err(usage("which file? write it before the number"))
            } else {
                Ok(number)
            };
        }
        let (file, number) = last.rsplit_once('#').ok_or_else(wanted)?;
        let number = number.parse().map_err(|_| wanted())?;
        self.words.push(file.to_owned());
        Ok(number)
    }

    /// The same, where all conversations are meant when none is named.
    pub(super) fn take_number_if_any(&mut self) -> Result<Option<u32>, Usage> {
        let is_number = |word: &String| word.parse::<u32>().is_ok() && !Path::new(word).exists();
        let is_of_file = |word: &String| {
            let number = word.rsplit_once('#').and_then(|(_, number)| number.parse::<u32>().ok());
            number.is_some() && !Path::new(word).exists()
        };
        let named = self.words.last().is_some_and(|last| is_number(last) || is_of_file(last));
        if named { self.take_number("conversation", "flows").map(Some) } else { Ok(None) }
    }

    /// Whether its words are files, not a capture filter.
    pub(super) fn names_files(&self) -> bool {
        self.read.is_empty() && !self.listen.is_asked()
    }

    /// Where files are written while packets are read.
    pub(super) fn places(&self) -> Vec<PathBuf> {
        let kept = self.write.iter().filter(|path| path.as_os_str() != "-").map(|path| {
            let is_device = path.metadata().is_ok_and(|about| !about.is_file());
            match path.parent() {
                Some(folder) if !is_device => Path::new(".").join(folder),
                _ => path.clone(),
            }
        });
        kept.chain(self.folder.clone()).collect()
    }

    /// The files to read, and the capture filter if there is one.
    pub(super) fn source(&self) -> (Vec<PathBuf>, Option<String>) {
        if self.names_files() {
            return (self.words.iter().map(PathBuf::from).collect(), self.filter.clone());
        }
        let words = self.words.join(" ");
        let filters: Vec<String> =
            self.filter.iter().cloned().chain((!words.is_empty()).then_some(words)).collect();
        let both = filters.iter().map(|filter| format!("({filter})")).collect::<Vec<_>>();
        let filter =
            if both.len() < 2 { filters.into_iter().next() } else { Some(both.join(" and ")) };
        (self.read.clone(), filter)
    }
}
