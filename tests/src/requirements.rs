//! What a provider's runtime must do whatever happens, and the tests that fail when it does not.
//!
//! Each requirement comes of a defect that was found in a published provider. A test is named by its path as in the spec's `test:`
//! keys; `coverage.rs` sees to it that every one exists.

/// A requirement.
#[derive(Debug)]
pub struct Requirement {
    /// `R1` and so on.
    pub id: &'static str,
    /// What is required, in short.
    pub text: &'static str,
    /// The tests that show it.
    pub tests: &'static [&'static str],
}

/// All of them, but for the catalog's, which is the tool's and not the runtime's.
pub const ALL: &[Requirement] = &[
    Requirement {
        id: "R1",
        text: "Pointers: NULL, short, misaligned and impossible ones get the declared code, never a crash",
        tests: &[
            "tests::checks::every_check_fires_on_what_it_is_for",
            "tests::checks::no_check_fires_on_good_arguments",
            "tests::fuzz_short::hostile_calls_are_survived_and_answered_as_declared_winsock",
            "tests::fuzz_short::hostile_calls_are_survived_and_answered_as_declared_san",
            "tests::suite::pointers::no_function_uses_a_pointer_that_cannot_be_right",
            "tests::suite::pointers::no_function_does_anything_without_errno",
            "tests::suite::pointers::misaligned_memory_works",
        ],
    },
    Requirement {
        id: "R2",
        text: "Results: failure value and stored code agree; what is left out refuses",
        tests: &[
            "tests::outcomes::every_error_of_every_function_comes_back_with_its_failure_value",
            "tests::outcomes::success_stores_no_error_and_is_not_the_failure_value",
            "tests::outcomes::a_pending_operation_is_reported_as_declared",
            "tests::outcomes::what_a_provider_leaves_out_is_refused_with_the_declared_code",
            "tests::outcomes::slots_that_a_profile_does_without_are_null",
        ],
    },
    Requirement {
        id: "R3",
        text: "Codes: only those of the spec reach a caller, an event or a completion",
        tests: &[
            "tests::outcomes::any_code_becomes_one_that_the_function_lists",
            "tests::suite::faults::every_fault_becomes_a_code_that_the_function_lists",
            "runtime::transport::fault::tests::every_fault_is_listed_and_has_a_code_of_its_own",
        ],
    },
    Requirement {
        id: "R4",
        text: "Start-up: all or nothing, a failure is never zero, live users are not harmed",
        tests: &[
            "tests::suite::startup::a_start_up_that_fails_leaves_nothing",
            "tests::suite::startup::a_failed_start_up_harms_nobody",
            "tests::suite::startup::threads_may_start_and_clean_up_as_they_like",
        ],
    },
    Requirement {
        id: "R5",
        text: "Clean-up: bounded, one too many changes nothing, starts again at once, leaks nothing",
        tests: &[
            "tests::suite::startup::one_clean_up_too_many_changes_nothing",
            "tests::suite::startup::the_last_clean_up_ends_everything",
            "tests::suite::startup::a_provider_starts_again_after_its_end",
            "tests::suite::startup::waiting_calls_end_with_the_last_clean_up",
            "tests::suite::pending::the_last_clean_up_ends_operations_silently",
            "tests::cycles::cycles_of_loading_and_unloading_leak_nothing",
        ],
    },
    Requirement {
        id: "R6",
        text: "Handles: look-up and reference are one step, stale and forged descriptors are no sockets",
        tests: &[
            "tests::suite::descriptors::a_closed_descriptor_is_no_socket_for_any_function",
            "tests::suite::descriptors::a_forged_descriptor_is_no_socket_for_any_function",
            "tests::suite::descriptors::a_descriptor_can_be_used_while_others_close",
            "tests::san::connecting::a_closed_descriptor_stays_unknown",
            "runtime::handles_basic::a_host_handle_issued_again_reaches_only_the_new_entry",
            "runtime::handles_loom::a_look_up_never_sees_a_dropped_value",
            "runtime::handles_loom::a_host_handle_issued_again_reaches_the_old_or_the_new_entry",
            "runtime::handles_stress::host_keyed",
            "runtime::handles_stress::slot_keyed",
        ],
    },
    Requirement {
        id: "R7",
        text: "Close: bounded, every pending operation ends once as aborted, a failed close leaves the socket usable",
        tests: &[
            "tests::suite::closing_states::every_state_closes_with_everything_pending",
            "tests::suite::closing::close_wakes_a_receive",
            "tests::suite::closing::close_wakes_an_accept",
            "tests::suite::closing::close_wakes_a_send",
            "tests::suite::closing::of_many_closes_one_works",
            "tests::suite::closing::a_close_that_would_linger_can_be_refused",
            "tests::suite::pending::close_aborts_every_pending_operation_once",
            "tests::san::ending::close_completes_what_is_pending",
            "tests::san::closing_states::every_state_closes_with_everything_pending",
            "tests::san::closing_states::a_close_ends_what_other_threads_wait_in",
            "runtime::operations_loom::what_is_completed_under_a_close_ends_once_and_before_it",
            "runtime::operations_loom::what_is_begun_under_a_close_ends_before_it_or_is_refused",
            "provider::shm::hostile_tests::a_peer_that_is_always_busy_delays_a_close_only_once",
        ],
    },
    Requirement {
        id: "R8",
        text: "Completion: exactly one for each accepted operation, none for a refused one",
        tests: &[
            "tests::suite::matrix::every_end_is_told_once_by_every_way",
            "tests::suite::matrix::an_end_that_no_queue_takes_is_in_the_record",
            "tests::suite::refusals::every_upcall_may_fail",
            "tests::suite::refusals::a_completion_that_the_host_refuses_is_in_the_record",
            "tests::san::matrix::every_end_is_told_once_by_every_way",
            "tests::san::matrix::every_upcall_may_fail",
            "tests::suite::overlapped::a_refused_call_is_not_told",
            "tests::suite::pending::ten_thousand_operations_end_once_each",
            "tests::suite::extensions::connect_ex_ends_once_with_the_bytes_sent",
            "tests::suite::extensions::accept_ex_brings_connection_addresses_and_data",
            "tests::san::messages::a_polled_operation_is_told_to_nobody",
            "tests::san::messages::an_operation_that_is_not_polled_is_told_once",
            "runtime::operations_loom::of_two_who_end_an_operation_under_a_close_one_does",
            "runtime::operations_loom::what_is_begun_while_others_complete_and_close_ends_once",
        ],
    },
    Requirement {
        id: "R9",
        text: "OVERLAPPED: pending, then 0 or an NTSTATUS, once the end can be told; every form of the result query",
        tests: &[
            "tests::suite::pending::a_result_is_incomplete_until_the_end",
            "tests::suite::pending::a_result_can_be_waited_for",
            "tests::suite::overlapped::an_end_without_event_or_port_is_in_the_record",
            "tests::suite::overlapped::nothing_moved_is_told_too",
            "tests::suite::pending::a_pending_operation_ends_with_the_peers_reset",
        ],
    },
    Requirement {
        id: "R10",
        text: "Data: every byte in order, progress is no failure, flags are honoured or refused",
        tests: &[
            "tests::suite::data::random_pieces_arrive_in_order_both_ways",
            "tests::suite::data::receive_returns_what_is_there",
            "tests::suite::data::a_full_stream_takes_a_part",
            "tests::suite::data::urgent_data_is_not_supported",
            "tests::suite::pending::sends_wait_for_room_and_keep_their_order",
            "tests::san::messages::boundaries_are_kept",
            "tests::san::messages::both_directions_at_once_lose_nothing",
            "tests::san::messages::a_message_that_does_not_fit_breaks_the_connection",
        ],
    },
    Requirement {
        id: "R11",
        text: "Readiness: select, events and messages agree, nothing is lost or stale",
        tests: &[
            "tests::suite::agreement::three_ways_to_be_told_agree",
            "tests::suite::readiness::select_times_out_with_empty_sets",
            "tests::suite::readiness::select_loses_no_member_above_64",
            "tests::suite::readiness::events_before_the_registration_are_told",
            "tests::suite::readiness::enumeration_resets_the_event_and_keeps_the_registration",
            "tests::suite::readiness::eight_threads_lose_no_wake_up",
            "tests::suite::telling::what_was_asked_for_is_not_told_again",
            "tests::suite::telling::an_event_whose_registration_has_ended_is_set_no_more",
            "runtime::bell_loom::a_sleeper_hears_both_of_two",
            "runtime::bell_loom::two_sleepers_are_both_woken",
        ],
    },
    Requirement {
        id: "R12",
        text: "Duplicate: a claim is bound to a process, good once, dies with its giver; unread data moves along",
        tests: &[
            "tests::san::sharing::a_socket_moves_with_what_is_unread",
            "tests::san::sharing::a_claim_is_good_once",
            "tests::san::sharing::a_claim_that_was_never_given_is_refused",
            "tests::san::sharing::a_socket_with_sends_pending_stays",
            "provider::shm_processes::a_claim_is_for_one_process_and_once",
            "provider::shm_processes::a_connection_moves_to_another_process_and_back",
            "provider::shm_processes::what_was_given_works_after_its_descriptor_is_closed_and_dies_with_its_process",
            "provider::tcp_handover::a_claim_is_for_one_process_and_once",
            "provider::tcp_handover::what_was_given_works_after_its_descriptor_is_closed_and_dies_with_its_process",
        ],
    },
    Requirement {
        id: "R13",
        text: "RDMA: nothing outside a registration is reached, whatever the descriptor says",
        tests: &[
            "tests::san::memory::nothing_outside_the_memory_is_reached",
            "tests::san::memory::access_is_what_was_registered",
            "tests::san::memory::a_descriptor_is_good_on_its_connection_only",
            "tests::san::memory::a_descriptor_ends_with_its_registration",
            "tests::san::memory::descriptors_that_were_never_given_are_refused",
            "tests::san::memory::a_registration_ends_once",
            "tests::san::caching::freed_memory_is_never_found_again",
            "tests::san::caching::a_descriptor_is_never_cached",
            "provider::shm::hostile_tests::whatever_a_peer_writes_touches_no_other_memory",
        ],
    },
    Requirement {
        id: "R15",
        text: "Containment and sight: a panic fails its socket only, a killed peer is a reset, every call can be traced",
        tests: &[
            "tests::suite::panics::a_panic_fails_the_call_and_spoils_the_socket",
            "tests::suite::panics::a_panic_that_panics_is_contained_too",
            "tests::suite::panics::a_panic_without_a_socket_spoils_nothing",
            "tests::outcomes::a_panic_spoils_its_socket_for_all_but_closing",
            "provider::shm_processes::a_peer_that_is_killed_resets_the_connection",
            "provider::shm_processes::a_killed_peer_wakes_who_waits_for_room",
            "provider::tcp_processes::a_peer_that_is_killed_resets_the_connection",
            "runtime::rt::trace::read::tests::what_is_recorded_is_read",
            "cli::trace::a_trace_shows_every_call_and_can_be_read_again",
        ],
    },
];
