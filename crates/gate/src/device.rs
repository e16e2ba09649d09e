//! The device step: the one place that runs the on-device engine.
//!
//! `yumen_device::Engine::run` takes a task whose fields are public, as the library on a phone needs it: there, no
//! clearance exists. So the compiler cannot hold the engine itself to the path. In the gate it is held
//! here instead: the engine is private to this file, and the only way to it leads over a prompt
//! that was cleared, prepared and screened for the device, and a model that the release names.

use std::sync::Arc;

use tokio::sync::Semaphore;
use yumen_device::{DeviceError, Engine, Output};
use yumen_features::{Body, Prompt};
use yumen_policy::{Clearance, ModelRef};
use yumen_screen::{Screened, ToDevice};

use crate::problem::Problem;

/// The most device tasks that run or wait at once.
const QUEUE: usize = 64;

/// The on-device engine, a bounded number of tasks at a time.
pub(crate) struct DeviceTier {
    engine: Arc<Engine>,
    queue: Semaphore,
    slots: Semaphore,
}

/// One prompt on its way to the engine, under a model of its clearance. Made only by
/// [`DeviceTier::route`], used up by [`DeviceTier::run`].
pub(crate) struct DeviceRoute {
    prompt: Screened<Prompt, ToDevice>,
    model: ModelRef,
}

impl DeviceRoute {
    /// The engine's model, as the release names it.
    pub(crate) fn model(&self) -> &ModelRef {
        &self.model
    }

    /// The clearance it runs under.
    pub(crate) fn clearance(&self) -> &Clearance {
        self.prompt.get().clearance()
    }
}

impl DeviceTier {
    pub(crate) fn new(engine: Arc<Engine>) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { engine, queue: Semaphore::new(QUEUE), slots: Semaphore::new(cores) }
    }

    /// Finds the way of a prompt screened for the device: to the engine's model for its task, which
    /// must be one that the release names.
    pub(crate) fn route(&self, prompt: Screened<Prompt, ToDevice>) -> Result<DeviceRoute, Problem> {
        let Body::Device(task) = prompt.get().body() else {
            return Err(not_for_device());
        };
        let name = self.engine.model(task.kind);
        let models = prompt.get().clearance().models();
        let model = models.iter().find(|model| model.model.as_str() == name).cloned();
        let model = model.ok_or_else(|| {
            Problem::new(
                "route_missing",
                format!("The on-device engine {name} is not in the approved release."),
                format!("获批版本不包含设备端引擎 {name}。"),
            )
        })?;
        Ok(DeviceRoute { prompt, model })
    }

    /// Runs the engine off the request threads.
    pub(crate) async fn run(&self, route: DeviceRoute) -> Result<Output, Problem> {
        let overloaded = || {
            Problem::new(
                "overloaded",
                "The on-device engine has too much to do; try again in a moment.",
                "设备端引擎繁忙，请稍后再试。",
            )
        };
        let _place = self.queue.try_acquire().map_err(|_| overloaded())?;
        let _slot = self.slots.acquire().await.map_err(|_| overloaded())?;
        let engine = Arc::clone(&self.engine);
        let run = tokio::task::spawn_blocking(move || match route.prompt.get().body() {
            Body::Device(task) => engine.run(task).map_err(|error| device_problem(&error)),
            Body::Chat(_) => Err(not_for_device()),
        });
        match run.await {
            Ok(result) => result,
            Err(error) => {
                tracing::error!(%error, "the on-device engine ended abnormally");
                Err(Problem::new("internal", "The on-device engine failed.", "设备端引擎出错。"))
            }
        }
    }
}

/// A partner's feature on the device tier: its definition cannot be made so.
fn not_for_device() -> Problem {
    Problem::new("internal", "This feature does not run on the device.", "此功能不在设备端运行。")
}

fn device_problem(error: &DeviceError) -> Problem {
    let yumen_policy::Text { en, zh } = error.text();
    Problem::new(error.code(), en, zh)
}
