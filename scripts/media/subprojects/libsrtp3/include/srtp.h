// The part of libsrtp 3 that mediasoup's worker calls, on top of libsrtp 2, which works in place.
// https://github.com/cisco/libsrtp/blob/main/CHANGES
#pragma once

#include <srtp2/srtp.h>

#include <climits>
#include <cstddef>
#include <cstdint>
#include <cstring>

// Codes that only version 3 has: named in the worker's table of errors, never returned here but for the first.
static constexpr auto srtp_err_status_buffer_small = static_cast<srtp_err_status_t>(28);
static constexpr auto srtp_err_status_cryptex_err  = static_cast<srtp_err_status_t>(29);

namespace srtp_on_2
{
	// What SRTCP appends to a packet beside its tag: the index with the E bit (RFC 3711, 3.4).
	static constexpr size_t RtcpIndexBytes = 4;

	// Version 2 works in place: copies `in` to `out`, which may be the same, and runs `call` on `out`.
	// `growth`: bytes that `call` may append.
	template<typename Call>
	inline srtp_err_status_t inPlace(
	  const uint8_t* in, size_t inLength, uint8_t* out, size_t* outLength, size_t growth, Call call)
	{
		if (inLength > static_cast<size_t>(INT_MAX) - growth || inLength + growth > *outLength)
		{
			return srtp_err_status_buffer_small;
		}
		if (in != out)
		{
			std::memmove(out, in, inLength);
		}
		int length        = static_cast<int>(inLength);
		const auto status = call(static_cast<void*>(out), &length);
		if (status == srtp_err_status_ok)
		{
			*outLength = static_cast<size_t>(length);
		}
		return status;
	}
} // namespace srtp_on_2

// The worker uses no master key identifiers: the index is always 0.
inline srtp_err_status_t srtp_protect(
  srtp_t session, const uint8_t* in, size_t inLength, uint8_t* out, size_t* outLength, size_t /*mkiIndex*/)
{
	return srtp_on_2::inPlace(
	  in,
	  inLength,
	  out,
	  outLength,
	  SRTP_MAX_TAG_LEN,
	  [session](void* packet, int* length) { return ::srtp_protect(session, packet, length); });
}

inline srtp_err_status_t srtp_unprotect(
  srtp_t session, const uint8_t* in, size_t inLength, uint8_t* out, size_t* outLength)
{
	return srtp_on_2::inPlace(
	  in,
	  inLength,
	  out,
	  outLength,
	  0,
	  [session](void* packet, int* length) { return ::srtp_unprotect(session, packet, length); });
}

inline srtp_err_status_t srtp_protect_rtcp(
  srtp_t session, const uint8_t* in, size_t inLength, uint8_t* out, size_t* outLength, size_t /*mkiIndex*/)
{
	return srtp_on_2::inPlace(
	  in,
	  inLength,
	  out,
	  outLength,
	  SRTP_MAX_TAG_LEN + srtp_on_2::RtcpIndexBytes,
	  [session](void* packet, int* length) { return ::srtp_protect_rtcp(session, packet, length); });
}

inline srtp_err_status_t srtp_unprotect_rtcp(
  srtp_t session, const uint8_t* in, size_t inLength, uint8_t* out, size_t* outLength)
{
	return srtp_on_2::inPlace(
	  in,
	  inLength,
	  out,
	  outLength,
	  0,
	  [session](void* packet, int* length) { return ::srtp_unprotect_rtcp(session, packet, length); });
}

// Renamed in version 3; both take the SSRC in network order, as the worker gives it.
inline srtp_err_status_t srtp_stream_remove(srtp_t session, uint32_t ssrc)
{
	return ::srtp_remove_stream(session, ssrc);
}
