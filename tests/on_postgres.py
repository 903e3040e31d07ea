"""Which tests play on PostgreSQL, too, of the files in which all of them would take longer than the rest of the suite.

What a service decides is the same on both databases, and SQLite proves it; what differs is how a database takes a
statement. So of the files named here as many tests play on PostgreSQL as it takes for every statement of the house to
be played there, and those in which two come together. Of all other files every test plays on both.

`pytest -n 0 --everywhere` plays all of them on both and says at the end which statements nobody named here plays; a
server named by TEST_DATABASE_URL plays all of them, too.
"""

import os
import re
from collections.abc import Generator, Mapping

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.engine import Connection

PLAYED: Mapping[str, str] = {
    "attendance/test_ballots": """
        test_a_meeting_without_a_vote_has_no_such_line
        test_a_study_meeting_votes_on_nothing
        test_a_vote_is_judged_by_who_is_in_the_room
        test_votes_are_typed_by_who_keeps_the_minutes_and_while_they_are_open
    """,
    "attendance/test_beside": """
        test_a_make_up_never_changes_who_was_present
        test_guests_are_noted_from_sign_in_to_seven_days_after
        test_guests_have_names_or_are_a_number_and_stand_apart
        test_who_was_there_has_nothing_to_make_up
    """,
    "attendance/test_closing": """
        test_a_chain_whose_end_is_forgotten_is_broken
        test_a_missing_or_added_event_breaks_the_chain
        test_ones_own_record_counts_finished_meetings
        test_said_during_the_meeting_it_counts_afterwards
        test_the_chain_cannot_be_altered_or_shortened
        test_two_closings_at_once_are_one
        test_whatever_happens_the_figures_add_up_and_the_chain_holds
        test_whoever_lost_the_role_gets_no_more_names
    """,
    "attendance/test_correcting": """
        test_a_proposal_nobody_confirms_ends_after_seven_days
        test_after_the_close_who_is_put_on_the_list_comes_with_a_state
        test_after_two_days_a_second_person_confirms
        test_late_instead_of_punctual_is_no_entry_afterwards
        test_volunteers_who_never_tapped_are_noted_without_being_due
        test_where_nobody_of_the_branch_can_confirm_it_goes_above
        test_why_somebody_corrected_is_not_in_the_chain_that_can_never_be_erased
        test_within_two_days_a_correction_holds_at_once_and_is_told
    """,
    "attendance/test_histories": """
        test_the_figures_agree_under_any_history
    """,
    "attendance/test_outliving": """
        test_a_meeting_that_is_still_to_be_held_keeps_its_messages
        test_posts_are_counted_on_when_their_group_becomes_a_supergroup
    """,
    "attendance/test_service": """
        test_a_reason_follows_as_text_and_stays_out_of_the_chain
        test_a_refused_leave_is_no_answer
        test_coming_after_all_withdraws_the_leave
        test_leave_is_asked_before_the_meeting_only_and_not_twice
        test_nobody_answers_once_the_meeting_has_begun
        test_requests_wait_in_the_list_of_the_day
        test_signing_in_from_leave_withdraws_it
        test_the_card_of_another_group_in_the_branchs_chat_is_no_secret
        test_the_second_tap_changes_nothing
    """,
    "banks/test_foreign_imports": """
        test_a_sheet_goes_into_a_bank_written_by_hand_and_its_export_reads_back_as_the_same
        test_a_third_of_a_sheet_without_answers_is_left_out_by_the_tap_alone
        test_one_message_says_how_far_the_reading_is_and_that_it_is_over
        test_what_a_file_does_not_hold_stays_unless_it_is_to_replace
        test_who_has_no_hand_in_a_bank_cannot_send_a_file_into_it
    """,
    "banks/test_service": """
        test_a_changed_text_makes_a_new_version_and_an_old_one_that_comes_back_none
        test_a_pool_is_narrowed_by_type_topic_and_difficulty
        test_a_question_is_not_drawn_after_its_last_day
        test_nothing_is_written_before_the_tap
        test_questions_of_a_superseded_or_expired_source_are_not_drawn
        test_undoing_the_first_import_retires_every_question
        test_what_nobody_confirms_is_dropped_after_a_day
    """,
    "meetings/test_budget": "",
    "meetings/test_changing": "",
    "meetings/test_dating": """
        test_a_chosen_day_gets_its_ladder_and_ends_the_questions
        test_confirmed_it_is_told_in_its_time
        test_skipped_it_is_called_back_to_the_question
    """,
    "meetings/test_downtime": """
        test_a_deleted_card_is_posted_again_once
        test_a_meeting_missed_by_us_is_not_closed_over_peoples_heads
        test_a_press_on_a_card_of_unknown_fate_shows_that_it_is_there
        test_the_administrator_reads_once_what_the_downtime_cost
        test_the_card_does_not_wait_for_a_reminder
    """,
    "meetings/test_firing": """
        test_a_committee_meeting_has_private_cards_only
        test_each_rung_reaches_those_it_concerns
        test_four_planners_and_three_processes_firing_at_once_do_nothing_twice
        test_planned_on_the_day_the_notice_goes_at_once
        test_the_audience_is_looked_at_again_right_before_sending
        test_who_was_reminded_is_noted_with_or_without_a_message
    """,
    "meetings/test_mending": """
        test_a_branch_without_a_group_of_its_own_is_not_forgotten
        test_a_group_that_removed_the_bot_while_its_card_waited_is_replaced_too
        test_removed_before_the_notice_everybody_gets_a_card_and_the_secretary_hears_once
        test_two_corrections_at_night_come_in_their_order
        test_who_joins_the_branch_after_the_notice_gets_a_card_with_the_next_reminder
    """,
    "meetings/test_minutes": """
        test_a_lecture_names_its_lecturers
        test_a_removed_item_leaves_the_others_their_places
        test_an_admission_is_voted_on_person_by_person
        test_an_item_gets_a_tag_and_loses_it
        test_filed_when_everything_is_there
        test_minutes_wait_for_the_end_of_the_meeting
        test_others_neither_read_nor_write_minutes
        test_reports_read_what_was_held_in_a_span_of_days
    """,
    "meetings/test_realigning": """
        test_a_workday_of_the_month_is_not_doubled_when_its_calendar_comes
        test_an_announced_day_that_proves_right_loses_the_word_from_its_card
        test_the_question_about_a_tentative_day_offers_what_is_right_by_now
        test_the_secretary_hears_of_it_once
    """,
    "meetings/test_series": """
        test_a_change_ends_the_series_before_what_nobody_has_heard_of
        test_a_dissolved_branch_gets_no_more
        test_a_series_that_ends_on_its_first_day_ends_at_once
        test_buttons_lead_to_a_series_too
        test_confirmed_twice_is_one_series
        test_every_minute_adds_what_comes_into_sight_and_nothing_twice
        test_two_fillers_at_once_add_nothing_twice
    """,
    "meetings/test_shortfall": """
        test_held_for_study_nothing_is_voted_on
    """,
    "members/test_erasure": """
        test_a_longer_name_is_somebody_else
        test_a_name_of_signs_is_found_as_texts_show_it
        test_a_namesake_keeps_what_was_written_of_him
        test_nobody_is_erased_twice_and_nobody_with_an_office
        test_ones_own_data_are_a_workbook_with_everything_and_nobody_else
        test_somebody_of_a_branch_asks_and_the_admins_read_it_once_a_day
        test_somebody_of_no_branch_erases_himself
        test_what_a_branch_counts_stays
    """,
    "members/test_offices": """
        test_a_role_is_taken_once
        test_a_unit_shows_its_offices_and_what_is_below
        test_everybody_begins_where_his_own_part_of_the_tree_begins
    """,
    "members/test_roster": """
        test_a_committee_without_a_company_becomes_the_top
        test_a_preview_given_up_or_applied_keeps_no_names
        test_a_preview_is_applied_once
        test_a_probationer_becomes_a_full_member
        test_one_problem_blocks_everything
        test_roles_given_by_a_file_are_told_to_the_admins_above
        test_the_first_roster_makes_the_whole_tree
        test_three_on_a_committee_are_a_committee
        test_two_moves_on_one_day_leave_one_membership
        test_warnings_do_not_block
    """,
    "practice/test_service": """
        test_a_changed_key_begins_anew_and_other_words_do_not
        test_errors_of_a_round_come_in_once_and_are_due_the_next_day
        test_going_through_again_moves_no_day_unless_it_goes_wrong
        test_old_questions_are_forgotten_and_the_cards_stay
        test_only_who_wishes_it_hears_at_noon_of_a_workday_and_once
        test_the_days_question_is_one_a_day_and_only_a_wrong_one_becomes_a_card
        test_the_first_answer_is_final_and_a_question_waits_through_anything
        test_what_is_set_aside_is_not_asked_until_it_is_taken_back
    """,
    "quiz/test_acceptance": "",
    "quiz/test_exam_drafts": """
        test_a_standard_paper_is_ready_after_its_bank
        test_an_admin_chooses_branches_of_his_own
        test_names_of_the_best_need_a_ranking_and_the_installations_leave
        test_the_window_is_tapped_or_typed
        test_time_marks_and_what_is_shown_are_chosen
        test_what_contradicts_itself_is_refused
        test_what_was_not_previewed_is_not_published
    """,
    "quiz/test_exporting": """
        test_the_file_goes_out_once_and_is_not_kept
    """,
    "quiz/test_figures": """
        test_reports_count_released_exams_of_the_period_and_no_resits
        test_rounds_are_counted_by_number_and_by_heads
    """,
    "quiz/test_outage_credits": """
        test_nothing_is_handed_in_before_the_backlog_is_fetched
        test_what_an_outage_took_is_given_back_and_told_once
    """,
    "quiz/test_papers": """
        test_a_draft_nobody_touches_is_gone_after_a_week
        test_every_step_survives_a_restart
    """,
    "quiz/test_recovery": "",
    "quiz/test_regrading": """
        test_a_corrected_key_moves_whom_it_concerns_and_leaves_the_first_results
        test_a_key_that_is_shown_at_once_can_be_seen_after_handing_in
        test_a_regrade_twice_changes_nothing
    """,
    "quiz/test_releasing": """
        test_released_twice_or_by_two_processes_everybody_is_told_once
        test_those_above_read_a_table_without_names_and_groups_their_own_branch
    """,
    "quiz/test_resits": """
        test_a_resit_of_papers_drawn_apart_freezes_a_pool_of_its_own
    """,
    "quiz/test_round_acceptance": """
        test_five_minutes_later_the_votes_count_and_the_round_is_paused
    """,
    "quiz/test_running": """
        test_a_reminder_by_hand_goes_out_at_most_every_four_hours
        test_at_the_opening_the_group_and_everybody_due_hear_of_it_once
        test_somebody_new_is_added_and_invited
        test_the_names_of_the_missing_go_to_leader_and_secretary_of_their_own
        test_who_has_not_sat_is_named_to_the_branch_counted_to_those_above
    """,
    "quiz/test_seats": """
        test_an_adopted_poll_deals_the_cards_once
        test_several_options_are_ticked_one_by_one_and_sent_together
    """,
    "quiz/test_service": """
        test_joining_twice_is_joining_once
        test_next_while_the_answer_is_read_asks_at_once
        test_who_was_not_on_the_roster_is_forgotten_after_a_month
    """,
    "quiz/test_sitting": """
        test_a_start_pressed_twice_is_one_attempt
        test_each_attempt_is_drawn_from_the_frozen_pool_with_equal_totals
        test_marks_stand_in_the_table_of_numbers
        test_the_best_of_several_attempts_is_free_to_come
        test_the_last_five_minutes_are_told_once
        test_who_need_not_sit_may_and_is_due_from_then_on
        test_whoever_comes_back_finds_the_attempt_that_runs
    """,
    "quiz/test_votes": """
        test_a_vote_as_a_group_cannot_be_attributed_and_the_host_hears_once
        test_a_vote_before_its_poll_is_known_counts_as_soon_as_it_is
        test_a_vote_in_a_foreign_poll_is_forgotten_after_ten_minutes
        test_the_first_answer_to_a_question_stays
        test_the_same_update_twice_is_one_vote
        test_votes_in_several_polls_find_each_its_own
        test_votes_of_a_moment_are_counted_together
    """,
}
NAMED = {f"tests/{file}.py": frozenset(names.split()) for file, names in PLAYED.items()}
_VALUES = re.compile(r"%\(\w+\)s(::[A-Z ]+(\(\d+\))?)?|\b\d+\b")
_ROWS = re.compile(r"\((_, )*_\)(, \((_, )*_\))*")


def add_option(parser: pytest.Parser) -> None:
    parser.addoption("--everywhere", action="store_true", help="all tests of a database on PostgreSQL, too")


def choose(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out, on PostgreSQL, those of the files above that are not named, unless all are wanted."""
    if config.getoption("everywhere"):
        config.pluginmanager.register(Listener())
    elif "TEST_DATABASE_URL" not in os.environ:
        left_out = [item for item in items if _is_on_postgres(item) and not _is_named(item)]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in set(left_out)]


def _is_on_postgres(item: pytest.Item) -> bool:
    return isinstance(item, pytest.Function) and "postgresql" in re.split(r"[\[\]-]", item.name)


def _is_named(item: pytest.Item) -> bool:
    file, _, test = item.nodeid.partition("::")
    return file not in NAMED or test.partition("[")[0] in NAMED[file]


class Listener:
    """Hears which statements are played on PostgreSQL, and by whom."""

    def __init__(self) -> None:
        self._item: pytest.Item | None = None
        self._by_named: set[str] = set()
        self._by_others: dict[str, str] = {}
        event.listen(Engine, "before_cursor_execute", self._hear)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        self._item = item
        return (yield)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for statement, test in self._by_others.items():
            if statement not in self._by_named:
                terminalreporter.write_line(
                    f"no test named in tests/on_postgres.py plays what {test} does: {statement}"
                )

    def _hear(self, connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        if connection.dialect.name == "sqlite" or self._item is None:
            return
        shape = _ROWS.sub("(_)", _VALUES.sub("_", statement))
        if _is_named(self._item):
            self._by_named.add(shape)
        else:
            self._by_others.setdefault(shape, self._item.nodeid)
