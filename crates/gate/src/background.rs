//! Work to which every request comes first.
//!
//! A thread that gives way has the lowest priority of the system's usual scheduling (nice 19 on Linux): where all cores
//! are busy it gets about a fiftieth of one, where one is idle as much as ever. Nothing that a request or a person at
//! the desk may wait for, such as a lock, is to be held by it. On other systems it is a thread like others.

use std::thread;

/// Does `job` on a thread of its own that gives way, and waits for it. None when the thread could not be had or the job
/// panicked. Blocking.
pub fn in_background<T: Send + 'static>(job: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let thread = thread::Builder::new().name("background".into()).spawn(move || {
        give_way();
        job()
    });
    match thread {
        Ok(thread) => thread.join().ok(),
        Err(error) => {
            tracing::error!(%error, "there is no thread for work in the background");
            None
        }
    }
}

/// Lets every other thread of the machine go before the calling one, from now on.
pub fn give_way() {
    #[cfg(target_os = "linux")]
    {
        // Of a process without a number Linux means the calling thread alone (setpriority(2), "C library/kernel
        // differences"). One that may not is as fast as before.
        if let Err(error) = rustix::process::setpriority_process(None, 19) {
            tracing::debug!(%error, "a thread keeps its priority");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn what_is_in_the_background_gives_way_and_nothing_else_does() {
        let nice = || rustix::process::getpriority_process(None).unwrap();
        let before = nice();
        assert_eq!(in_background(nice), Some(19));
        assert_eq!(nice(), before);
    }

    #[test]
    fn a_job_that_fails_is_told_and_ends_nothing_else() {
        assert_eq!(in_background(|| 1 + 1), Some(2));
        assert_eq!(in_background(|| -> u8 { panic!("a lantern fell") }), None);
    }
}
