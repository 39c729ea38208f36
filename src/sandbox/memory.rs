//! Access to a guest's linear memory: every pointer is checked, none is trusted.

use std::io::{IoSlice, IoSliceMut};

use wasmtime::{Caller, Extern};

use super::errno::{Errno, Result};
use super::process::State;

/// The memory and the state of the process that made the current call.
pub(crate) struct Guest<'a> {
    pub(crate) memory: &'a mut [u8],
    pub(crate) state: &'a mut State,
}

/// Vectors of one read or write (POSIX `IOV_MAX` on Linux).
const MAX_VECTORS: u32 = 1024;

/// The caller's memory and state.
pub(crate) fn guest<'a>(caller: &'a mut Caller<'_, State>) -> Result<Guest<'a>> {
    let memory = match caller.data().memory {
        Some(memory) => memory,
        // A call from a start function, before the instance is complete.
        None => caller.get_export("memory").and_then(Extern::into_memory).ok_or(Errno::FAULT)?,
    };
    let (memory, state) = memory.data_and_store_mut(caller);
    Ok(Guest { memory, state })
}

impl<'a> Guest<'a> {
    pub(crate) fn bytes(&self, at: u32, len: u32) -> Result<&[u8]> {
        slice(self.memory, at, len)
    }

    pub(crate) fn bytes_mut(&mut self, at: u32, len: u32) -> Result<&mut [u8]> {
        let range = range(self.memory.len(), at, len)?;
        Ok(&mut self.memory[range])
    }

    pub(crate) fn write(&mut self, at: u32, bytes: &[u8]) -> Result<()> {
        self.bytes_mut(at, u32::try_from(bytes.len())?)?.copy_from_slice(bytes);
        Ok(())
    }

    pub(crate) fn write_u32(&mut self, at: u32, value: u32) -> Result<()> {
        self.write(at, &value.to_le_bytes())
    }

    pub(crate) fn write_words(&mut self, at: u32, words: &[u32]) -> Result<()> {
        let len = u32::try_from(words.len() * 4)?;
        for (place, word) in self.bytes_mut(at, len)?.chunks_exact_mut(4).zip(words) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        Ok(())
    }

    pub(crate) fn write_u64(&mut self, at: u32, value: u64) -> Result<()> {
        self.write(at, &value.to_le_bytes())
    }

    /// Memory and state apart, for calls that wait while they fill memory.
    pub(crate) fn split(self) -> (&'a mut [u8], &'a mut State) {
        (self.memory, self.state)
    }
}

fn range(size: usize, at: u32, len: u32) -> Result<std::ops::Range<usize>> {
    let end = (at as usize).checked_add(len as usize).ok_or(Errno::FAULT)?;
    if end > size { Err(Errno::FAULT) } else { Ok(at as usize..end) }
}

pub(crate) fn slice(memory: &[u8], at: u32, len: u32) -> Result<&[u8]> {
    Ok(&memory[range(memory.len(), at, len)?])
}

pub(crate) fn read_u16(memory: &[u8], at: u32) -> Result<u16> {
    let bytes = slice(memory, at, 2)?;
    Ok(u16::from_le_bytes([bytes[0], bytes[1]]))
}

pub(crate) fn read_u32(memory: &[u8], at: u32) -> Result<u32> {
    let bytes = slice(memory, at, 4)?;
    Ok(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
}

pub(crate) fn read_u64(memory: &[u8], at: u32) -> Result<u64> {
    let low = read_u32(memory, at)?;
    let high = read_u32(memory, at.checked_add(4).ok_or(Errno::FAULT)?)?;
    Ok(u64::from(low) | u64::from(high) << 32)
}

/// The buffers of a vectored write.
pub(crate) fn gather(memory: &[u8], vectors: u32, count: u32) -> Result<Vec<IoSlice<'_>>> {
    let mut total = 0u32;
    pairs(memory, vectors, count)?
        .into_iter()
        .map(|(at, len)| {
            total = total.checked_add(len).ok_or(Errno::INVAL)?;
            Ok(IoSlice::new(slice(memory, at, len)?))
        })
        .collect()
}

/// The buffers of a vectored read. Where they overlap or are out of order, only the first: a read
/// may always return less than was asked for.
pub(crate) fn scatter(memory: &mut [u8], vectors: u32, count: u32) -> Result<Vec<IoSliceMut<'_>>> {
    let pairs = pairs(memory, vectors, count)?;
    let mut total = 0u32;
    for (at, len) in &pairs {
        total = total.checked_add(*len).ok_or(Errno::INVAL)?;
        range(memory.len(), *at, *len)?;
    }
    let filled = pairs.iter().filter(|(_, len)| *len > 0);
    let mut end = 0u64;
    let ordered = filled.clone().all(|(at, len)| {
        let fits = u64::from(*at) >= end;
        end = u64::from(*at) + u64::from(*len);
        fits
    });
    let wanted = if ordered { usize::MAX } else { 1 };
    let mut buffers = Vec::with_capacity(pairs.len());
    let (mut rest, mut passed) = (memory, 0);
    for (at, len) in filled.take(wanted) {
        let (_, from) = rest.split_at_mut(*at as usize - passed);
        let (buffer, after) = from.split_at_mut(*len as usize);
        buffers.push(IoSliceMut::new(buffer));
        passed = *at as usize + *len as usize;
        rest = after;
    }
    Ok(buffers)
}

fn pairs(memory: &[u8], vectors: u32, count: u32) -> Result<Vec<(u32, u32)>> {
    if count > MAX_VECTORS {
        return Err(Errno::INVAL);
    }
    (0..count)
        .map(|index| {
            let at = vectors.checked_add(index * 8).ok_or(Errno::FAULT)?;
            Ok((read_u32(memory, at)?, read_u32(memory, at.checked_add(4).ok_or(Errno::FAULT)?)?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory(vectors: &[(u32, u32)]) -> Vec<u8> {
        let mut memory = vec![0; 256];
        for (index, (at, len)) in vectors.iter().enumerate() {
            memory[index * 8..index * 8 + 4].copy_from_slice(&at.to_le_bytes());
            memory[index * 8 + 4..index * 8 + 8].copy_from_slice(&len.to_le_bytes());
        }
        memory
    }

    #[test]
    fn ordered_buffers_are_all_used_and_others_only_the_first() {
        let mut ordered = memory(&[(100, 4), (0, 0), (104, 8)]);
        let lengths: Vec<_> =
            scatter(&mut ordered, 0, 3).unwrap().iter().map(|b| b.len()).collect();
        assert_eq!(lengths, [4, 8]);
        let mut overlapping = memory(&[(100, 8), (104, 8)]);
        assert_eq!(scatter(&mut overlapping, 0, 2).unwrap().len(), 1);
    }

    #[test]
    fn nothing_outside_the_memory_is_touched() {
        let mut outside = memory(&[(250, 7)]);
        assert_eq!(scatter(&mut outside, 0, 1).err(), Some(Errno::FAULT));
        assert_eq!(gather(&outside, 0, 1).err(), Some(Errno::FAULT));
        assert_eq!(gather(&outside, u32::MAX - 3, 1).err(), Some(Errno::FAULT));
        assert_eq!(gather(&outside, 0, u32::MAX).err(), Some(Errno::INVAL));
        let huge = memory(&[(0, u32::MAX), (0, u32::MAX)]);
        assert!(gather(&huge, 0, 2).is_err());
    }
}
